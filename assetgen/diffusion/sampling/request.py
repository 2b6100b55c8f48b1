"""What one image needs, read and checked before any model is loaded. This module does not import torch."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assetgen.diffusion.families import get_family
from assetgen.errors import InputError, did_you_mean
from assetgen.events import Emit
from assetgen.images import Array, FloatArray, check_covers, split_alpha, to_float
from assetgen.pack.schema import IMAGE_TO_IMAGE, REFERENCE, ImageSize, Lora, ModelCard
from assetgen.parts import Control, Preview, SourceJob
from assetgen.pixels.image_files import read_image

_DEFAULTS = {"negative": "", "steps": 25, "guidance": 7.0, "detail": 0.0}
"""For model cards without defaults of their own: the usual settings of Stable Diffusion."""


@dataclass(frozen=True)
class Request:
    """One image to sample. `size` is width and height in pixels; `init_image` is `H×W×3` or, with alpha, `H×W×4`, and
    `mask_image` `H×W×1`, float32 in 0..1, with 1 where the image is repainted; `references` are pictures of any size,
    `H×W×3` or `H×W×4` as well; `remaining` and `preview` are those of its `Context`."""

    asset: str
    emit: Emit
    device: str
    remaining: int
    card: ModelCard
    prompt: str
    negative_prompt: str
    seed: int
    size: ImageSize
    steps: int
    guidance_scale: float
    tile: str
    init_image: FloatArray | None
    mask_image: FloatArray | None
    strength: float
    controls: tuple[Control, ...]
    references: tuple[FloatArray, ...]
    loras: tuple[Lora, ...]
    detail: float = 0.0
    """How much of what the autoencoder loses of the initial image is added to the sampled one, 0 to 1."""
    preview: Preview | None = None
    layers: int = 0
    """How many layers its reference picture is taken apart into; 0 for other tasks."""

    @property
    def gives_alpha(self) -> bool:
        """Whether the sampled image has the alpha of the initial one, where both have alpha."""
        return self.init_image is not None and self.init_image.shape[2] == 4 and self.detail == 1

    def control_image(self, number: int) -> FloatArray:
        """The image of one of its controls, `H×W×3` in 0..1."""
        return to_float(self.controls[number].images["color"][..., :3])


def diffusion_batch_key(
    arguments: Mapping[str, Any], controls: tuple[tuple[str, float, float, float], ...]
) -> Hashable:
    """What images of one batch share: model, size, steps, tiling, task, and types of control."""
    settings = with_defaults(arguments)
    task = _task(settings, (kind for kind, *_ in controls))
    return (
        settings["model"].model_dump_json(),
        tuple((lora.file.sha256, lora.weight) for lora in settings["loras"]),
        settings["size"],
        _step_count(settings, task),
        settings["guidance"] > get_family(settings["model"].family).neutral_guidance,
        settings["tile"],
        task,
        settings["strength"] if task != "text" else None,
        tuple((kind, *schedule) if _is_ip_adapter(settings["model"], kind) else kind for kind, *schedule in controls),
    )


def _task(settings: Mapping[str, Any], kinds: Iterable[str]) -> Literal["text", "image", "inpaint"]:
    if settings["image"] is None and IMAGE_TO_IMAGE not in kinds:
        return "text"
    return "image" if settings["mask"] is None else "inpaint"


def _is_ip_adapter(card: ModelCard, kind: str) -> bool:
    """An IP-Adapter has one strength, start and end for the whole batch; other controls have them per image."""
    return kind in card.controls and card.controls[kind].type == "ip_adapter"


def with_defaults(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `diffusion`, where those that are None have the card's defaults, and `size` is set."""
    card: ModelCard = arguments["model"]
    given = {name: value for name, value in arguments.items() if value is not None}
    scale_x, scale_y = given.get("scale", (1.0, 1.0))
    size = (round(card.native[0] * scale_x), round(card.native[1] * scale_y))
    return {**arguments, "size": size, **_DEFAULTS, **card.defaults, **given}


def read_request(job: SourceJob) -> Request:
    """Resolve a job's arguments and read its images. Raises `InputError` for what the model does not support."""
    settings = with_defaults(job.arguments)
    card: ModelCard = settings["model"]
    references = [control for control in job.context.controls if control.kind == REFERENCE]
    start = next((control for control in job.context.controls if control.kind == IMAGE_TO_IMAGE), None)
    controls = tuple(each for each in job.context.controls if each.kind not in (REFERENCE, IMAGE_TO_IMAGE))
    if get_family(card.family).layered and "count" not in settings:
        raise InputError(f"model '{card.model}' takes pictures apart", cure="Use a preset like parallax with it")
    _check_references(card, references)
    for control in controls:
        _check_control(card, control)
    if sum(_is_ip_adapter(card, control.kind) for control in controls) > 1:
        raise InputError("only one IP-Adapter image can be used", cure="Remove the other controls of this type")
    if settings["mask"] and not settings["image"] and not start:
        raise InputError("`mask` needs an image to repaint", cure="Set `image:`, or remove `mask:`")
    return Request(
        asset=job.context.asset,
        emit=job.context.emit,
        device=job.context.device,
        remaining=job.context.remaining,
        preview=job.context.preview,
        card=card,
        prompt=settings["prompt"],
        negative_prompt=settings["negative"],
        seed=settings["seed"],
        size=settings["size"],
        steps=_step_count(settings, _task(settings, (control.kind for control in job.context.controls))),
        guidance_scale=settings["guidance"],
        tile=settings["tile"],
        init_image=_init_image(settings, start),
        mask_image=read_mask(settings["mask"].path) if settings["mask"] else None,
        strength=float(settings["strength"]),
        detail=float(settings["detail"]),
        controls=controls,
        references=tuple(on_white(control.images["color"]) for control in references),
        loras=(*card.loras, *(Lora(file=lora.file.path, weight=lora.weight) for lora in settings["loras"])),
    )


def _check_control(card: ModelCard, control: Control) -> None:
    if control.images.meta.frames:
        what = f"the control draws {len(control.images.frames)} frames for a source that samples one image"
        raise InputError(what, cure="Use a preset with the source `sequence`, such as turnaround or walk_cycle")
    if control.kind not in card.controls:
        cure = did_you_mean(control.kind, card.controls) if card.controls else "It has none."
        raise InputError(f"model '{card.model}' has no control '{control.kind}'", cure=cure)
    kind, supported = card.controls[control.kind].type, get_family(card.family).control_adapters
    if kind not in supported:
        what = f"control '{control.kind}' of model '{card.model}' is a {kind}, which family '{card.family}' cannot use"
        raise InputError(what, cure=f"It can use: {', '.join(supported)}" if supported else "Remove the control")
    if kind == "controlnet_union" and card.controls[control.kind].mode is None:
        what = f"control '{control.kind}' of model '{card.model}' is a ControlNet-Union, and its card sets no mode"
        raise InputError(what, cure="Add the number of this kind of image as `mode:`")
    if control.start >= control.end:
        raise InputError(f"control '{control.kind}' ends at {control.end:g}, before it starts at {control.start:g}")


def _init_image(settings: Mapping[str, Any], start: Control | None) -> FloatArray | None:
    if start is not None:
        return to_float(start.images["color"])
    return to_float(read_image(settings["image"].path)) if settings["image"] else None


def _check_references(card: ModelCard, references: Sequence[Control]) -> None:
    if references and get_family(card.family).references is None:
        what = f"model '{card.model}' takes no reference pictures: no model of family `{card.family}` does"
        raise InputError(what, cure="Remove `references:` from its card")
    if len(references) > card.references:
        what = (
            f"model '{card.model}' takes at most {card.references} reference pictures, and here are {len(references)}"
        )
        raise InputError(what, cure="Remove some, or use a model that takes more")
    if any((control.strength, control.start, control.end) != (1, 0, 1) for control in references):
        what = f"model '{card.model}' takes reference pictures as they are"
        raise InputError(what, cure="Remove `strength`, `start` and `end` of the reference")


def _step_count(settings: Mapping[str, Any], task: str) -> int:
    """The steps of the schedule. Image-to-image runs the last `strength` of them, of which there is at least one."""
    steps: int = settings["steps"]
    return steps if task == "text" else max(steps, math.ceil(1 / settings["strength"]))


def on_white(color: Array) -> FloatArray:
    """`H×W×3` float32 in 0..1, over white: the background that sprite models are prompted for."""
    rgb, alpha = (to_float(part) for part in split_alpha(color))
    return rgb * alpha + (1 - alpha)


def with_channels(image: FloatArray, channels: int, *, matte: bool = False) -> FloatArray:
    """An image `H×W×3` or `H×W×4` for a model whose images have 3 channels, or 4 with alpha; with `matte`, colours are
    blended with white by it."""
    if channels != 4:
        return on_white(image)
    return np.concatenate([on_white(image) if matte else image[..., :3], split_alpha(image)[1]], axis=2)


def read_mask(path: Path) -> FloatArray:
    """A mask file as `H×W×1` float32 in 0..1: the mean of its channels."""
    mask: FloatArray = on_white(read_image(path)).mean(2, keepdims=True)
    return mask


def fit_image(image: FloatArray, size: ImageSize, padded_size: ImageSize) -> FloatArray:
    """Resize an image `H×W×C` to cover `size` and crop its centre, then pad with its edge to `padded_size`."""
    import cv2

    height, width = image.shape[:2]
    check_covers((width, height), size)
    factor = max(size[0] / width, size[1] / height)
    if factor != 1:
        covering = (max(size[0], round(width * factor)), max(size[1], round(height * factor)))
        interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        resized = cv2.resize(image, covering, interpolation=interpolation)
        image = np.clip(resized, 0, 1).reshape(covering[1], covering[0], -1)
    image = center_crop(image, size)
    left, top = ((padded_size[0] - size[0]) // 2, (padded_size[1] - size[1]) // 2)
    padding = ((top, padded_size[1] - size[1] - top), (left, padded_size[0] - size[0] - left), (0, 0))
    return np.pad(image, padding, mode="edge")


def center_crop(image: Any, size: ImageSize) -> Any:
    """The centre of an image `H×W×C` (array or tensor), `size` wide and high."""
    height, width = image.shape[:2]
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    return image[top : top + size[1], left : left + size[0]]
