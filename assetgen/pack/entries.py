"""Expand the entries of a pack to single assets: matrices, braces, and checks of their names.

"potion_{size}": {prompt: "a {size} potion", matrix: {size: [small, large]}}    named axes
"{red,green}_potion": {prompt: "a {red,green} potion"}                          the braces are the axis
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from assetgen.errors import InputError
from assetgen.pack.recipe import seed_from
from assetgen.pack.schema import AssetSpec
from assetgen.pack.yaml_files import Document, KeyPath

_BRACES = re.compile(r"\{([^{}]+)\}")
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
DEVICE_NAMES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10)))
)
_MAX_NAME = 120
_MAX_SEGMENT = 255
"""Bytes of one file or folder name, on most file systems."""
_MAX_WRITTEN_NAME = 10_000
"""Characters of a name before its braces are expanded."""
_PROMPT_NAME = 40  # characters of a prompt that become a name
_NAME_DIGEST = 8  # hexadecimal digits
_MAX_ASSETS = 100_000


@dataclass(frozen=True)
class Entry:
    """One asset, and the keys in the pack's file (or in another `document`) where it is written."""

    name: str
    spec: AssetSpec
    keys: KeyPath
    document: Document | None = None


def expand(
    assets: Mapping[str, AssetSpec], keys: Mapping[str, KeyPath], where: Callable[[KeyPath], str] = str
) -> Iterator[Entry]:
    """Every asset of a pack. `keys` holds the key path of each entry, `where` turns one into `FILE:LINE`.

    Raises `InputError` for bad or clashing names.
    """
    seen: dict[str, str] = {}
    for written, spec in assets.items():
        try:
            for name, single in _combinations(written, spec):
                if name.lower() in seen:
                    what = f"two assets are named '{name}', ignoring case (the other is '{seen[name.lower()]}')"
                    raise InputError(what, cure="Rename one of the two")
                seen[name.lower()] = written
                if len(seen) > _MAX_ASSETS:
                    raise InputError(f"the pack has more than {_MAX_ASSETS:,} assets", cure="Split it")
                yield Entry(name, single, keys[written])
        except InputError as error:
            raise error.at(where(keys[written])) from error


def _combinations(written: str, spec: AssetSpec) -> Iterator[tuple[str, AssetSpec]]:
    if len(written) > _MAX_WRITTEN_NAME:
        what = f"the asset name '{written[:40]}…' is longer than {_MAX_WRITTEN_NAME:,} characters"
        raise InputError(what, cure="List its values in a `matrix`")
    for choice in _choices(written, spec):
        name = re.sub(r"\s+", "_", _replace(written, choice).strip())
        check_name(name)
        yield name, _with_choice(spec, choice)


def variations(prompt: str, count: int, seed: int | None = None, suffix: str = "") -> dict[str, int]:
    """The names of `count` assets of one prompt (`a_red_dragon_01`, … for `a red dragon`) with their seeds.

    `suffix` follows the prompt in names. The first has `seed`, else one derived from the prompt, so that prompts do not
    share their noise. Seeds count up.
    """
    name = _short_name(prompt) + suffix
    digits = max(2, len(str(count)))
    names = [name] if count == 1 else [f"{name}_{number:0{digits}}" for number in range(1, count + 1)]
    first = seed_from(prompt) if seed is None else seed
    return {name: first + index for index, name in enumerate(names)}


def _short_name(prompt: str) -> str:
    """A prompt as the name of a file. What is cut off is replaced by a digest, so that prompts keep their own files."""
    name = re.sub(r"[^a-z0-9]+", "_", prompt.lower()).strip("_") or "asset"
    if len(name) <= _PROMPT_NAME:
        return name
    digest = hashlib.sha256(prompt.encode()).hexdigest()[:_NAME_DIGEST]
    return f"{name[: _PROMPT_NAME - _NAME_DIGEST - 1].strip('_')}_{digest}"


def check_name(name: str) -> None:
    """Raise `InputError` for an asset name that is too long or, with its folders, no safe path of a file."""
    check_path(name)
    if len(name) > _MAX_NAME:
        what = f"the asset name '{name[:40]}…' is longer than {_MAX_NAME} characters"
        raise InputError(what, cure="Choose a shorter one")


def check_path(path: str) -> None:
    """Raise `InputError` for a relative path that is not safe on every system.

    Allowed are letters, digits, `_`, `-`, `.`, and `/` for folders; Windows device names are not.
    """
    for segment in path.split("/"):
        if not _SEGMENT.fullmatch(segment) or segment.endswith("."):
            cure = "Use letters, digits, '_', '-' and '.', and '/' for folders"
            raise InputError(f"'{ascii(path)[1:-1]:.80}' cannot be the name of an asset", cure=cure)
        if segment.lower().split(".")[0] in DEVICE_NAMES:
            what = f"'{path}' cannot be the name of an asset: '{segment}' is a device on Windows"
            raise InputError(what, cure="Choose another name")
        if len(segment) > _MAX_SEGMENT:
            what = f"the name '{segment[:40]}…' of a file is longer than {_MAX_SEGMENT} characters"
            raise InputError(what, cure="Choose a shorter one")


def _choices(name: str, spec: AssetSpec) -> Iterator[dict[str, str]]:
    axes = {f"{{{key}}}": [str(value) for value in values] for key, values in spec.matrix.items()}
    for found in _BRACES.finditer(name):
        if "," in found[1]:
            axes[found[0]] = [value.strip() for value in found[1].split(",")]
    for axis, values in axes.items():
        if axis not in name:
            what = f"the matrix axis {axis} is missing from the name '{name}'"
            raise InputError(what, cure="Add it, so that every asset has a name of its own")
        if not values:
            raise InputError(f"the matrix axis {axis} has no values", cure="List some, or remove it")
    for choice in itertools.product(*axes.values()):
        yield dict(zip(axes, choice, strict=True))


def _with_choice(spec: AssetSpec, choice: Mapping[str, str]) -> AssetSpec:
    if not choice:
        return spec
    return AssetSpec.model_validate(replace_texts(spec.model_dump(exclude={"matrix"}, exclude_unset=True), choice))


def replace_texts(value: object, choice: Mapping[str, str]) -> object:
    """Nested data with each key of `choice` replaced by its value in every string."""
    if isinstance(value, str):
        return _replace(value, choice)
    if isinstance(value, Mapping):
        return {key: replace_texts(item, choice) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace_texts(item, choice) for item in value]
    return value


def _replace(text: str, choice: Mapping[str, str]) -> str:
    """`text` with each axis replaced by its value; axes inside values stay as they are."""
    if not choice:
        return text
    return re.sub("|".join(map(re.escape, choice)), lambda axis: choice[axis[0]], text)
