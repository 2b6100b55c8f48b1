"""How a model takes the reference pictures of an asset: as they are, by its IP-Adapter, or to start from."""

from collections.abc import Sequence
from dataclasses import replace

from assetgen.errors import InputError
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.schema import IMAGE_TO_IMAGE, REFERENCE, ModelCard

_PART = "reference"


def with_reference_kinds(source: Stage, controls: Sequence[Stage]) -> tuple[Stage, ...]:
    """The controls of an asset, where each reference has the kind of control that its model takes it as.

    Raises `InputError` for references without a picture, and for more than the model takes.
    """
    found = [stage for stage in controls if stage.name == _PART]
    for stage in found:
        if (stage.arguments["image"] is None) == (stage.arguments["member"] is None):
            raise InputError("a reference is one picture", cure="Set either `image: FILE` or `member: ASSET`")
    card, open_kind = source.arguments.get("model"), [stage for stage in found if stage.arguments["kind"] is None]
    if not open_kind or not isinstance(card, ModelCard):
        return tuple(controls)
    kind = _kind(card, source, len(open_kind))
    return tuple(
        replace(stage, arguments={**stage.arguments, "kind": kind}) if stage in open_kind else stage
        for stage in controls
    )


def _kind(card: ModelCard, source: Stage, count: int) -> str:
    if count <= card.references:
        return REFERENCE
    adapter = next((kind for kind, control in card.controls.items() if control.type == "ip_adapter"), None)
    starts = source.arguments.get("image") is None
    if count > 1 or not (adapter or starts):
        most = card.references or (1 if adapter or starts else 0)
        what = (
            f"model '{card.model}' takes {most or 'no'} reference picture{'s' if most != 1 else ''} here, not {count}"
        )
        raise InputError(what, cure="Remove some, or use a model that takes more, like flux2_klein_4b")
    return adapter or IMAGE_TO_IMAGE


def referenced_members(controls: Sequence[Stage]) -> list[str]:
    """The names of assets whose images these controls refer to, sorted."""
    return sorted({str(name) for stage in controls if (name := stage.arguments.get("member")) is not None})


def reference_notes(recipe: Recipe) -> tuple[str, ...]:
    """A sentence that states how the model uses a reference that it cannot take as it is."""
    card = recipe.source.arguments.get("model")
    kinds = {stage.control_kind for stage in recipe.controls if stage.name == _PART} - {REFERENCE}
    if not isinstance(card, ModelCard) or not kinds:
        return ()
    how = [
        f"starts from the reference picture (image-to-image, strength {recipe.source.arguments['strength']:g})"
        if kind == IMAGE_TO_IMAGE
        else f"uses the reference picture by its control '{kind}'"
        for kind in sorted(kinds)
    ]
    return (f"model '{card.model}' takes no reference pictures: it {' and '.join(how)}",)
