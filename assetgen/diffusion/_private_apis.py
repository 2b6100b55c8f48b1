"""Every use of a private API of torch, diffusers or transformers, and why the public API is not enough.

Read this file first when one of these libraries is upgraded: private names change without notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline, ModelMixin
    from torch import Tensor, device
    from torch.nn import Module

CONV_FORWARD = "_conv_forward"
"""The method of `torch.nn.Conv2d` that pads and convolves, called by `forward` with input, weight and bias. Replacing
it changes the padding and leaves `forward`, which accelerate's offload hooks replace, alone. `padding_mode` cannot
differ between x and y."""


def execution_device(pipeline: DiffusionPipeline) -> device:
    """The torch device on which a pipeline's networks run. `pipeline.device` is where their weights are, which is
    "cpu" or "meta" while they are offloaded."""
    return pipeline._execution_device


def load_ip_adapter_weights(unet: ModelMixin, state_dict: dict[str, dict[str, Tensor]]) -> None:
    """Install IP-Adapter weights from memory in a UNet. `pipeline.load_ip_adapter` would also add an image processor
    and encoder to the pipeline, which others share."""
    unet._load_ip_adapter_weights([state_dict])


def transformer_pos_embed(controlnet: ModelMixin, transformer: ModelMixin) -> Module:
    """The position embedding of an SD3 transformer, for a ControlNet trained without its own. The pipelines of
    diffusers call the same method; from outside a pipeline there is no other way."""
    return controlnet._get_pos_embed_from_transformer(transformer)
