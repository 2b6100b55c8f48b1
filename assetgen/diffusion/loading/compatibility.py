"""Whether what a model is put together from is whole, and fits: libraries fill gaps with random numbers, and say of
parts that are not made for one another only that some product of matrices cannot be."""

import json
from pathlib import Path
from typing import Any

from assetgen.diffusion.families import Family, all_families
from assetgen.diffusion.loading.weight_files import PIPELINE_FILE
from assetgen.errors import InputError
from assetgen.pack.schema import ModelCard

OTHER_MODEL_CURE = "Give weights that were made for this kind of model"
WORD_WIDTHS = ("joint_attention_dim", "caption_channels", "cross_attention_dim")
"""How configurations of networks call the numbers that a word has; the first that is there counts."""
SHARED = ("cross_attention_dim", "block_out_channels", "joint_attention_dim", "num_attention_heads")
"""What a control has in common with the network that it speaks to."""
ADAPTER_FOR_XL = "full_adapter_xl"


def error_summary(error: Exception) -> str:
    """What a library says is wrong, without its headings and its advice to programmers."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = next((line for line in lines if not line.endswith(":")), "".join(lines[:1]))
    return line.partition(" If you want")[0].rstrip(".:")


def check_family(folder: Path, wanted: str) -> None:
    """A pipeline folder is not of another family than its card says. What it calls itself may be unknown here."""
    kind = str(json.loads((folder / PIPELINE_FILE).read_bytes()).get("_class_name"))
    stems = {shape.pipeline_class.removesuffix("Pipeline"): name for name, shape in all_families().items()}
    found = max((stem for stem in stems if kind.startswith(stem)), key=len, default=None)
    if found and stems[found] != wanted:
        what = f"the weights in '{folder}' are of a model of family '{stems[found]}' and not '{wanted}'"
        raise InputError(what, cure=f"Its card should say `family: {stems[found]}`, or name other weights")


def check_complete(network: Any, place: Path) -> None:
    """diffusers leaves tensors that a file lacks without any numbers."""
    if missing := [name for name, parameter in network.named_parameters() if parameter.is_meta]:
        raise missing_tensors_error(network, place, missing)


def missing_tensors_error(network: Any, place: Path, missing: list[str]) -> InputError:
    """The error for weights of which some are missing."""
    what = f"'{place}' lacks {len(missing)} of the tensors of a {type(network).__name__}, as '{missing[0]}'"
    return InputError(what, cure=OTHER_MODEL_CURE)


def check_parts(card: ModelCard, shape: Family, pipeline: Any, grain: int) -> None:
    """The network takes the latents (or besides them a mask and what stands around it; for editing it would want
    others) and the words of a model."""
    network, has = getattr(pipeline, shape.network_name), pipeline.vae.config.latent_channels
    wants = shape.in_channels(network)
    if wants != has and wants != shape.inpainting_channels(has, grain):
        what = f"the {shape.network_name} of model '{card.model}' wants {wants} channels, and its latents have {has}"
        cure = "Use the text-to-image or the inpainting kind of this model"
        raise InputError(what, cure="Name a `vae:` that was made for this model" if card.vae else cure)
    width = next((each for key in WORD_WIDTHS if isinstance(each := network.config.get(key), int)), None)
    names = [name for name in ("text_encoder", "text_encoder_2", "text_encoder_3") if name in pipeline.components]
    encoders = [getattr(pipeline, name) for name in names]
    if width is None or None in encoders:
        return
    widths = [int(encoder.get_input_embeddings().weight.shape[-1]) for encoder in encoders]
    if width not in (*widths, sum(widths)):
        what = f"the {shape.network_name} of model '{card.model}' wants words of {width} numbers"
        raise InputError(
            f"{what}, and its text encoders give {' and '.join(map(str, widths))}",
            cure="Check its card: `network`, `weights`",
        )


def check_control(card: ModelCard, kind: str, control: Any, network: Any) -> None:
    """A control was made for networks like this one."""
    ours, theirs = network.config, getattr(control, "config", {})
    for key in SHARED:
        one, other = ours.get(key), theirs.get(key)
        if one is not None and other is not None and _plain(one) != _plain(other):
            raise _unlike(card, kind, f"{key}: {other}, not {one}")
    adapter = theirs.get("adapter_type")
    if adapter and (adapter == ADAPTER_FOR_XL) != (ours.get("addition_embed_type") is not None):
        raise _unlike(card, kind, f"adapter_type: {adapter}")


def _unlike(card: ModelCard, kind: str, told: str) -> InputError:
    what = f"control '{kind}' was made for another kind of model than '{card.model}' ({told})"
    return InputError(what, cure=OTHER_MODEL_CURE)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
