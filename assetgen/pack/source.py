"""The source of an asset: its model card, prompt, seed and size, which the pack and the card share with it."""

from collections.abc import Sequence
from math import inf
from typing import Any

from assetgen.errors import InputError
from assetgen.events import Prompted
from assetgen.pack.completion import CompletedPrompt
from assetgen.pack.layers import AssetLayers
from assetgen.pack.motions import sheet_in_use
from assetgen.pack.recipe import Recipe, Stage, seed_from
from assetgen.pack.schema import IMAGE_TO_IMAGE, CardPreset, ImageSize, ModelCard, PartSpec, Start
from assetgen.parts import load_part

_OF_ONE_MODEL = ("scale", "loras", "image")
"""Arguments of a source that are set for one model: also pictures, which are scaled to its size. So is a size."""


def source_stage(
    layers: AssetLayers, card: ModelCard | None, seed_name: str, added: Sequence[Sequence[str]] = ()
) -> Stage:
    """The source with all its arguments. Without a seed of its own, the asset's seed is derived from `seed_name`.

    `card` is that of `model_card`. `added` are the members that joined after the first build, for a source with an
    argument of that name.
    """
    spec, pack, part = layers.entry.spec, layers.file.pack, layers.preset.source
    loaded = layers.load_part("source", part)
    parameters = loaded.params.model_fields
    written = {key for layer in layers.of(part) for key in layer.arguments}
    shared: dict[str, Any] = {"added": added}
    if "seed" in parameters:
        shared["seed"] = seed_from(pack.seed, seed_name) if spec.seed is None else spec.seed
    if "negative" in parameters and spec.negative is not None:
        shared["negative"] = spec.negative
    if card:
        shared["model"] = card
        shared |= {key: value for key, value in card.defaults.items() if key not in written and key not in shared}
        if "size" not in written:
            shared["size"] = _scaled(card.native, layers.argument(part, "scale"))
    if "prompt" in parameters:
        shared["prompt"] = _prompt(layers, part, card)
    elif spec.prompt:
        what = f"preset '{spec.preset}' does not use a prompt"
        raise InputError(what, where=layers.where("prompt"), cure="Remove it")
    if spec.members and not loaded.traits.members:
        what = f"preset '{spec.preset}' does not use members"
        raise InputError(what, where=layers.where("members"), cure="Use a preset like atlas, or remove them")
    return layers.stage("source", part, **shared)


def draft_stage(source: Stage) -> Stage:
    """The source `fake`, which draws a hatched placeholder, instead of one with a prompt; others are unchanged."""
    if "prompt" not in source.arguments:
        return source
    fake = load_part("source", "fake")
    parameters = fake.params.model_fields.keys() - {"model"}
    arguments = {key: value for key, value in source.arguments.items() if key in parameters}
    return Stage("source", "fake", source.alias, fake.traits.version, {**arguments, "hatched": True})


def is_draft(recipe: Recipe) -> bool:
    """Whether an asset shows placeholders, its own or those of its members."""
    return bool(recipe.source.arguments.get("hatched")) or any(map(is_draft, recipe.members))


def model_card(layers: AssetLayers, controls: Sequence[PartSpec]) -> ModelCard | None:
    """The card that the asset or the source's arguments name, or the one that the pack's card uses for the preset;
    None for a source without a model.

    The pack's card itself is used with controls, pictures, LoRAs and other sizes, which are set for it. A size that
    a model of fixed cells cannot draw is an error: the pack's card draws that preset worse at every size.
    """
    part = layers.preset.source
    if "model" not in layers.load_part("source", part).params.model_fields:
        return None
    spec, file = layers.entry.spec, layers.file
    named = spec.model or layers.argument(part, "model")
    try:
        card = file.library.card(str(named or file.pack.model))
        other = card_preset(layers, card).model
        if named or not other or controls or any(layers.argument(part, key) for key in _OF_ONE_MODEL):
            return card
        drawn, size = file.library.card(other), layers.argument(part, "size")
        if size is None or [*drawn.native] == size or drawn.native == size:
            return drawn
        if drawn.cell and isinstance(size, list | tuple):
            raise _no_other_size(layers, drawn)
        return card
    except InputError as error:
        raise error.at(layers.where("model") if spec.model else file.document.where("model")) from error


def _no_other_size(layers: AssetLayers, drawn: ModelCard) -> InputError:
    """The error for a size that the model of a preset does not draw."""
    cells = " × ".join(str(side // round(drawn.cell or 1)) for side in drawn.native)
    what = f"preset '{layers.entry.spec.preset}' is drawn by the model '{drawn.model}', which draws {cells} cells only"
    where = next(
        (layer.where("size") for layer in reversed(layers.of(layers.preset.source)) if "size" in layer.arguments), ""
    )
    return InputError(what, where=where, cure="Leave out the size, or use a larger model, such as sdxl")


def card_preset(layers: AssetLayers, card: ModelCard | None) -> CardPreset:
    """What a model card sets for the preset of an asset, or for the nearest one that it extends."""
    presets = card.presets if card else {}
    return next((presets[name] for name in layers.preset.lineage if name in presets), CardPreset())


def _prompt(layers: AssetLayers, part: PartSpec, card: ModelCard | None) -> str:
    """The asset's prompt and the pack's style in the template of asset, pack, model card or preset."""
    spec, pack = layers.entry.spec, layers.file.pack
    template = _template(layers, part, card)
    if "{prompt}" in template and not spec.prompt.strip():
        what = f"asset '{layers.entry.name}' has no prompt"
        raise InputError(what, where=layers.where(), cure="Describe the image, like prompt: a red dragon")
    completion = completion_of(layers, card) if card else None
    own = completion.prompt if completion else spec.prompt.strip()
    if completion:
        tail = template.partition("{prompt}")[2].split(", ")  # such as ", character"
        own = ", ".join(part for part in own.split(", ") if part not in tail)
    prompt = ", ".join(filter(None, (own, pack.style.strip())))
    before, after = card.affixes if card else ("", "")
    return before + template.replace("{prompt}", prompt) + after


def completion_of(layers: AssetLayers, card: ModelCard) -> CompletedPrompt | None:
    """The asset's prompt, completed from the captions of its model that have the style of its template ("pixel art
    sprite of {prompt}"); None where there are none, and where pack or asset ask for the exact prompt."""
    spec, pack = layers.entry.spec, layers.file.pack
    exact = pack.exact_prompt if spec.exact_prompt is None else spec.exact_prompt
    captions = None if exact else layers.file.library.captions(card)
    style, of, _ = _template(layers, layers.preset.source, card).partition(" of {prompt}")
    colors = card.add_colors and drawn_start(layers, card) is None  # drawings have colours of their own
    return captions.complete(spec.prompt.strip(), style, colors=colors) if captions and of else None


def drawn_start(layers: AssetLayers, card: ModelCard | None) -> Start | None:
    """The start that a model's card names for an asset; None where its control cannot draw what the prompt names, and
    with `start: false`."""
    start, spec = card_preset(layers, card).start, layers.entry.spec
    if start is None or not spec.start:
        return None
    draws = load_part("control", start.draw).traits.draws
    return start if draws is None or draws(spec.prompt) else None


def prompted(recipe: Recipe) -> Prompted | None:
    """The prompt that an asset is sampled with; None where its model has no captions to compare it with."""
    known, model = recipe.facts.known_to_model, recipe.facts.model
    if known is None or model is None:
        return None
    drawn = any(control.control_kind == IMAGE_TO_IMAGE for control in recipe.controls)
    return Prompted(asset=recipe.name, model=model, prompt=recipe.source.arguments["prompt"], known=known, drawn=drawn)


def _template(layers: AssetLayers, part: PartSpec, card: ModelCard | None) -> str:
    in_asset = layers.entry.spec.overrides.get(part.alias, {}).get("prompt")
    in_pack = layers.file.pack.defaults.get(part.alias, {}).get("prompt")
    in_card = next((card.prompts[name] for name in layers.preset.lineage if name in card.prompts), "") if card else ""
    if sheet := sheet_in_use(layers, card):
        in_card = sheet.prompt
    return str(in_asset or in_pack or in_card or part.arguments.get("prompt", "{prompt}"))


def _scaled(native: ImageSize, scale: Any) -> ImageSize | None:
    """The native size times `scale` as written in YAML; None for an invalid scale, which the signature reports."""
    pair = (1, 1) if scale is None else scale
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        return None
    if not all(isinstance(each, int | float) and 0 < each < inf for each in pair):
        return None
    return round(native[0] * pair[0]), round(native[1] * pair[1])
