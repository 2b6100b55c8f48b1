"""How a model draws a figure in motion: on one sheet, by words, or by a control network for poses."""

from typing import Any

from assetgen.pack.facts import Sheet
from assetgen.pack.layers import AssetLayers
from assetgen.pack.recipe import Recipe
from assetgen.pack.schema import ModelCard, PartSpec
from assetgen.parts import load_part

_POSES, _SEQUENCE, _SPLIT = "poses", "sequence", "split_sheet"


def sheet_in_use(layers: AssetLayers, card: ModelCard | None) -> Sheet | None:
    """The layout of the model's sheet, for an asset whose frames it draws in one picture; None for others."""
    preset, source = layers.preset.preset, layers.preset.source
    sheet = card.sheet if card else None
    if sheet is None or any(step.part == _SPLIT for step in preset.steps or ()):
        return sheet
    poses = next((control for control in preset.controls or () if control.part == _POSES), None)
    if poses is None or source.part != _SEQUENCE or layers.argument(source, "frames"):
        return None
    motion = layers.argument(poses, "motion") or load_part("control", _POSES).params.model_fields["motion"].default
    return sheet if not sheet.motions or motion in sheet.motions else None


def sheet_arguments(step: PartSpec, sheet: Sheet | None) -> dict[str, Any]:
    """The arguments of a step that a sheet's layout sets where no layer does."""
    return sheet.model_dump(include={"rows", "columns", "names"}) if sheet and step.part == _SPLIT else {}


def drawn_by(control: PartSpec, sheet: Sheet | None) -> bool:
    """Whether a sheet replaces a control."""
    return sheet is not None and control.part == _POSES


def motion_notes(recipe: Recipe) -> tuple[str, ...]:
    """A sentence that states how the model draws the frames of an animation."""
    card, poses = recipe.source.arguments.get("model"), [each for each in recipe.controls if each.name == _POSES]
    split = any(step.name == _SPLIT for step in recipe.steps)
    if not isinstance(card, ModelCard) or not (split or recipe.source.name == _SEQUENCE):
        return ()
    framed = poses or recipe.source.arguments.get("frames") or recipe.controls
    if card.sheet and (split or not framed):
        return (f"model '{card.model}' draws all frames on one sheet of {card.sheet.columns} × {card.sheet.rows}",)
    if not poses:
        return ()
    kind = poses[0].control_kind
    if kind not in card.controls and card.references:
        return (f"model '{card.model}' follows the words of each pose, since it has no control '{kind}'",)
    return (f"model '{card.model}' follows the poses by its control '{kind}'",) if kind in card.controls else ()
