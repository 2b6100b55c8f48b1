"""Check that a model's parts are complete and compatible; diffusers would silently random-initialise missing tensors,
and torch reports mismatched parts only as a failed matrix product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from assetgen.diffusion.families import ESTIMATORS, Family, all_families
from assetgen.diffusion.loading.weight_files import PIPELINE_FILE
from assetgen.errors import InputError
from assetgen.pack.schema import ModelCard

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch.nn import Module

OTHER_MODEL_CURE = "Give weights that were made for this kind of model"
_TEXT_WIDTHS = (
    "joint_attention_dim",
    "caption_channels",
    "cross_attention_dim",
    "cap_feat_dim",
    "text_in_dim",
    "text_hidden_dim",
)
"""Configuration keys for the width of text embeddings; the first one present counts."""
_SHARED = ("cross_attention_dim", "block_out_channels", "joint_attention_dim", "num_attention_heads", "dim", "n_heads")
"""Configuration keys that must agree between a control network and the network that it conditions."""
_SDXL_ADAPTER = "full_adapter_xl"


def error_summary(error: Exception) -> str:
    """The first line of a library's error message, without headings and advice for programmers."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = next((line for line in lines if not line.endswith(":")), "".join(lines[:1]))
    return line.partition(" If you want")[0].rstrip(".:")


def check_family(folder: Path, expected: str) -> None:
    """Raise `InputError` if a pipeline folder belongs to another known family than its card."""
    kind = str(json.loads((folder / PIPELINE_FILE).read_bytes()).get("_class_name"))
    stems = {
        each.removesuffix("Pipeline"): name
        for name, shape in all_families().items()
        for each in (shape.pipeline_class, *shape.other_pipeline_classes)
    }
    stems |= {pipeline.removesuffix("Pipeline"): name for name, pipeline in ESTIMATORS.items()}
    found = max((stem for stem in stems if kind.startswith(stem)), key=len, default=None)
    if found and stems[found] != expected:
        what = f"the weights in '{folder}' are of a model of family '{stems[found]}' and not '{expected}'"
        raise InputError(what, cure=f"Its card should say `family: {stems[found]}`, or name other weights")


def check_complete(network: Module, path: Path) -> None:
    """Raise `InputError` for missing tensors, which diffusers leaves on the meta device."""
    if missing := [name for name, parameter in network.named_parameters() if parameter.is_meta]:
        raise missing_tensors_error(network, path, missing)


def missing_tensors_error(network: Module, path: Path, missing: list[str]) -> InputError:
    """The error for weights that lack tensors."""
    what = f"'{path}' lacks {len(missing)} of the tensors of a {type(network).__name__}, as '{missing[0]}'"
    return InputError(what, cure=OTHER_MODEL_CURE)


def check_parts(card: ModelCard, shape: Family, pipeline: DiffusionPipeline, latents: int, grain: int) -> None:
    """Raise `InputError` unless the network fits the `latents` channels of its latents (with or without inpainting
    channels) and the text embeddings of its model. `grain` is the VAE's scale factor."""
    network = getattr(pipeline, shape.network_name)
    expected = shape.in_channels(network)
    if expected not in (latents, shape.inpainting_channels(latents, grain)):
        what = f"the {shape.network_name} of '{card.model}' expects {expected} channels; its latents have {latents}"
        cure = "Use the text-to-image or the inpainting version of this model"
        raise InputError(what, cure="Name a `vae:` that was made for this model" if card.vae else cure)
    width = next((each for key in _TEXT_WIDTHS if isinstance(each := network.config.get(key), int)), None)
    names = [name for name in ("text_encoder", "text_encoder_2", "text_encoder_3") if name in pipeline.components]
    encoders = [getattr(pipeline, name) for name in names]
    if width is None or None in encoders:
        return
    embeddings = [encoder.get_input_embeddings() for encoder in encoders]
    widths = [int(each.weight.shape[-1]) * shape.text_layers for each in embeddings]
    if width not in (*widths, sum(widths)):
        expected_width = f"the {shape.network_name} of '{card.model}' expects text embeddings of width {width}"
        what = f"{expected_width}; its text encoders produce {' and '.join(map(str, widths))}"
        raise InputError(what, cure="Check its card: `network`, `weights`")


def check_control(card: ModelCard, kind: str, control: ModelMixin, network: ModelMixin) -> None:
    """Raise `InputError` for a control network made for another kind of network."""
    ours, theirs = network.config, getattr(control, "config", {})
    for key in _SHARED:
        one, other = ours.get(key), theirs.get(key)
        if one is not None and other is not None and _plain(one) != _plain(other):
            raise _incompatible(card, kind, f"{key}: {other}, not {one}")
    adapter = theirs.get("adapter_type")
    if adapter and (adapter == _SDXL_ADAPTER) != (ours.get("addition_embed_type") is not None):
        raise _incompatible(card, kind, f"adapter_type: {adapter}")


def _incompatible(card: ModelCard, kind: str, difference: str) -> InputError:
    what = f"control '{kind}' was made for another kind of model than '{card.model}' ({difference})"
    return InputError(what, cure=OTHER_MODEL_CURE)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
