"""The picture that sampling starts from where a control draws one: that of the model's card, or an asset's own.

A small model composes pictures badly and paints over drawn ones well. Under `presets:`, its card may name a control
that draws the picture to start from (image-to-image), how much of it is repainted, and the size.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assetgen.pack.layers import AssetLayers
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.schema import IMAGE_TO_IMAGE, ModelCard, PartSpec, Start
from assetgen.pack.source import card_preset, drawn_start
from assetgen.parts import ControlArguments, load_part

_REFERENCE = "reference"
_OF_SOURCE = ("size", "seed", "tile")
"""Arguments of the source that a drawn start has, too."""


def draws_start(control: PartSpec) -> bool:
    """Whether a control draws a picture to start from."""
    return _is_start(control.part)


def _is_start(name: str) -> bool:
    kind = load_part("control", name).params.model_fields.get("kind")
    return kind is not None and kind.default == IMAGE_TO_IMAGE


def start_in_use(layers: AssetLayers, card: ModelCard | None, controls: Sequence[PartSpec]) -> Start | None:
    """The start that the model's card names for an asset with these controls.

    None where the asset has `start: false` or another picture, or lacks what the control draws, such as a mesh, or
    where the control cannot draw what its prompt names.
    """
    start, source = drawn_start(layers, card), layers.preset.source
    if start is None or "strength" not in layers.load_part("source", source).params.model_fields:
        return None
    if layers.argument(source, "image") or any(each.part == _REFERENCE for each in controls):
        return None
    fields = load_part("control", start.draw).params.model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    has = all(any(layers.argument(each, name) is not None for each in controls) for name in needed)
    return start if has else None


def card_steps(layers: AssetLayers, card: ModelCard | None, start: Start | None) -> tuple[PartSpec, ...]:
    """The steps that a model's card puts before those of the preset; its start may have others."""
    return card_preset(layers, card).steps if start is None or start.steps is None else start.steps


def started(layers: AssetLayers, source: Stage, start: Start | None) -> Stage:
    """The source with strength, detail and size of its start, where no layer sets them.

    A picture that is larger than the model's own ones has no cells.
    """
    if start is None:
        return source
    part, changes = layers.preset.source, dict[str, Any]()
    if layers.argument(part, "strength") is None:
        changes["strength"] = start.strength
    if start.detail and "detail" in source.arguments and layers.argument(part, "detail") is None:
        changes["detail"] = start.detail
    if layers.argument(part, "size") is None:
        changes["size"] = tuple(start.scale * side for side in source.arguments["size"])
    if start.scale > 1:
        changes["model"] = source.arguments["model"].model_copy(update={"cell": None})
    return replace(source, arguments={**source.arguments, **changes})


def start_stages(
    layers: AssetLayers, source: Stage, controls: Sequence[Stage], start: Start | None, own: Sequence[PartSpec]
) -> tuple[Stage, ...]:
    """The control that draws what sampling starts from: the asset's `own`, else that of its model's card.

    It has the prompt, size and seed of the asset, and mesh and camera of the other controls.
    """
    shared: dict[str, Any] = {name: source.arguments.get(name) for name in _OF_SOURCE}
    for stage in controls:
        if "mesh" in stage.arguments:
            shared |= {key: value for key, value in stage.arguments.items() if key not in ControlArguments.model_fields}
    parts = own or ([PartSpec(part=start.draw, alias=start.draw)] if start else [])
    return tuple(layers.stage("control", each, **shared, **_prompt(layers, each)) for each in parts)


def _prompt(layers: AssetLayers, part: PartSpec) -> dict[str, str]:
    """The asset's own prompt, without the model's template, unless the start has another one."""
    return {} if layers.argument(part, "prompt") else {"prompt": layers.entry.spec.prompt}


def start_notes(recipe: Recipe) -> tuple[str, ...]:
    """A sentence that states what an asset starts from, where a control draws it."""
    strength = recipe.source.arguments.get("strength")
    drawn = next((each.name for each in recipe.controls if _is_start(each.name)), None)
    if drawn is None or strength is None:
        return ()
    return (f"starts from the picture that `{drawn}` draws (image-to-image, strength {strength:g})",)
