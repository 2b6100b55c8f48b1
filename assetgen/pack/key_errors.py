"""The cures of keys that an asset cannot have: an unquoted comma, an argument without its part, a step of no preset."""

import difflib
from collections.abc import Iterator

from assetgen.errors import InputError, did_you_mean
from assetgen.pack.layers import AssetLayers
from assetgen.pack.schema import ASSET_KEYS, PartSpec
from assetgen.parts import PartKind, part_names

_FIRST_KEYS = ("preset", "prompt", "seed", "model", "negative", "members", "best_of")


def unknown_key(layers: AssetLayers, key: str) -> InputError:
    """The error of a key that is neither one of the asset's own nor a part of its preset."""
    spec = layers.entry.spec
    return InputError(
        f"unknown key '{key}' for preset '{spec.preset}'", where=layers.where(key), cure=_cure(layers, key)
    )


def not_a_mapping(layers: AssetLayers, key: str) -> InputError:
    """The error of a part whose value is no mapping of arguments."""
    cure = _quoted_prompt(layers) if layers.entry.spec.overrides[key] is None else ""
    return InputError(f"'{key}' must be a mapping, {{ARGUMENT: VALUE}}", where=layers.where(key), cure=cure)


def _cure(layers: AssetLayers, key: str) -> str:
    parts = list(_parts(layers))
    known = {*ASSET_KEYS, *(part.alias for part, _ in parts), *part_names("control")}
    near = difflib.get_close_matches(key, known, n=1)
    if layers.entry.spec.overrides[key] is None and not near and (cure := _quoted_prompt(layers)):
        return cure
    for part, kind in parts:
        if key in layers.load_part(kind, part).params.model_fields:
            return f"It is an argument of '{part.alias}': write {part.alias}: {{{key}: …}}"
    if not near and (others := difflib.get_close_matches(key, (*part_names("step"), *part_names("check")), n=1)):
        preset, listed = layers.entry.spec.preset, "steps" if others[0] in part_names("step") else "checks"
        own = f'{{preset: my_{preset}, extends: {preset}, {listed}: ["...", {others[0]}]}}'
        return f"The preset has no '{others[0]}'; write one that has, my_{preset}.yaml: `{own}`"
    return did_you_mean(key, known, (*_FIRST_KEYS, *(part.alias for part, _ in parts)))


def _parts(layers: AssetLayers) -> Iterator[tuple[PartSpec, PartKind]]:
    """The parts of the preset with their kinds."""
    preset = layers.preset.preset
    yield layers.preset.source, "source"
    kinds: tuple[tuple[PartKind, tuple[PartSpec, ...] | None], ...] = (
        ("step", preset.steps),
        ("control", preset.controls),
        ("check", preset.checks),
    )
    for kind, parts in kinds:
        yield from ((part, kind) for part in parts or ())


def _quoted_prompt(layers: AssetLayers) -> str:
    """The cure of `{prompt: a keep, at sunset}`, where YAML reads `at sunset` as a key without a value."""
    spec = layers.entry.spec
    lost = [key for key, value in spec.overrides.items() if value is None]
    return f'Quote the prompt: prompt: "{", ".join((spec.prompt, *lost))}"' if spec.prompt else ""
