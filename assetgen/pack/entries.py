"""From the entries of a pack to single assets: matrices and braces unfolded, names checked.

"potion_{size}": {prompt: "a {size} potion", matrix: {size: [small, large]}}    named axes
"{red,green}_potion": {prompt: "a {red,green} potion"}                          the braces are the axis
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assetgen.errors import InputError
from assetgen.pack.schema import AssetSpec
from assetgen.pack.yaml_files import Document, KeyPath

_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
DEVICE_NAMES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10)))
)
_MAX_NAME = 120
_PROMPT_NAME = 40  # characters of a prompt that become a name
_MAX_ASSETS = 100_000


@dataclass(frozen=True)
class Entry:
    """One asset, and the keys in the pack's file (or in another `document`) under which it was written."""

    name: str
    spec: AssetSpec
    keys: KeyPath
    document: Document | None = None


def expand(
    assets: Mapping[str, AssetSpec], keys: Mapping[str, KeyPath], where: Callable[[KeyPath], str] = str
) -> Iterator[Entry]:
    """Every asset of a pack. `keys` tells where each entry stands, and `where` its line.

    Raises `InputError` for bad or clashing names.
    """
    seen: dict[str, str] = {}
    for written, spec in assets.items():
        try:
            for name, chosen in _unfolded(written, spec):
                if name.lower() in seen:
                    raise InputError(f"two assets are named '{name}' (also '{seen[name.lower()]}', case aside)")
                seen[name.lower()] = written
                if len(seen) > _MAX_ASSETS:
                    raise InputError(f"a pack may unfold into {_MAX_ASSETS:,} assets at most")
                yield Entry(name, chosen, keys[written])
        except InputError as error:
            raise error.at(where(keys[written])) from error


def _unfolded(written: str, spec: AssetSpec) -> Iterator[tuple[str, AssetSpec]]:
    for choice in _choices(written, spec):
        name = _slug(_filled(written, choice))
        check_name(name)
        yield name, _chosen(spec, choice)


def variations(prompt: str, count: int) -> list[str]:
    """Asset names from a prompt: `a red dragon` as `a_red_dragon_01`, `a_red_dragon_02`, …"""
    name = re.sub(r"[^a-z0-9]+", "_", prompt.lower()).strip("_")[:_PROMPT_NAME].strip("_") or "asset"
    digits = max(2, len(str(count)))
    return [name] if count == 1 else [f"{name}_{number:0{digits}}" for number in range(1, count + 1)]


def check_name(name: str) -> None:
    """Refuse names that are not safe as files everywhere: `a-z 0-9 _ - .`, folders by `/`, no Windows device names."""
    for segment in name.split("/"):
        if not _SEGMENT.fullmatch(segment) or segment.endswith("."):
            cure = "Use letters, digits, '_', '-' and '.', and '/' for folders"
            raise InputError(f"'{name!a:.80}' cannot be the name of an asset".replace("''", "'"), cure=cure)
        if segment.lower().split(".")[0] in DEVICE_NAMES:
            raise InputError(f"'{name}' cannot be the name of an asset: '{segment}' is a device on Windows")
    if len(name) > _MAX_NAME:
        raise InputError(f"the asset name '{name[:40]}…' is longer than {_MAX_NAME} characters")


def _choices(name: str, spec: AssetSpec) -> Iterator[dict[str, str]]:
    axes = {f"{{{key}}}": [str(value) for value in values] for key, values in spec.matrix.items()}
    for found in _BRACES.finditer(name):
        axes[found.group(0)] = [value.strip() for value in found.group(1).split(",")]
    for axis, values in axes.items():
        if axis not in name:
            raise InputError(f"the matrix axis {axis} is missing from the name '{name}'", cure="Every name must differ")
        if not values:
            raise InputError(f"the matrix axis {axis} has no values")
    for choice in itertools.product(*axes.values()):
        yield dict(zip(axes, choice, strict=True))


def _chosen(spec: AssetSpec, choice: Mapping[str, str]) -> AssetSpec:
    if not choice:
        return spec
    return AssetSpec.model_validate(fill(spec.model_dump(exclude={"matrix"}, exclude_unset=True), choice))


def fill(value: Any, choice: Mapping[str, str]) -> Any:
    """Data with each key of `choice` replaced by its value, by plain replacement, in every text."""
    if isinstance(value, str):
        return _filled(value, choice)
    if isinstance(value, Mapping):
        return {key: fill(item, choice) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, choice) for item in value]
    return value


def _filled(text: str, choice: Mapping[str, str]) -> str:
    for axis, value in choice.items():
        text = text.replace(axis, value)
    return text


def _slug(name: str) -> str:
    return re.sub(r"\s+", "_", name.strip())
