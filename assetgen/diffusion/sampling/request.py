"""What one image needs, read and checked before any model is loaded. No torch here."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from assetgen.diffusion.families import family
from assetgen.errors import InputError
from assetgen.events import Emit
from assetgen.images import Array, FloatArray, split_alpha, to_float
from assetgen.pack.schema import Lora, ModelCard
from assetgen.parts import Control, SourceJob, did_you_mean
from assetgen.pixels.image_files import read_image

Task = Literal["text", "image", "inpaint"]
FALLBACKS = {"negative": "", "steps": 25, "guidance": 7.0}
"""For cards that name no default of their own: what Stable Diffusion users start from."""
GUIDED_ABOVE = 1.0
"""At this guidance the unwanted prompt cancels out (Ho & Salimans 2022), so it is not computed."""
Size = tuple[int, int]
"""Width and height, in pixels where nothing else is said."""


@dataclass(frozen=True)
class Request:
    """One image to sample. `size` is width and height in pixels; `image` and `mask` are `H×W×3` and `H×W×1`, 0..1;
    `ahead` is that of its `Context`."""

    asset: str
    emit: Emit
    device: str
    ahead: int
    card: ModelCard
    prompt: str
    negative: str
    seed: int
    size: Size
    steps: int
    guidance: float
    tile: str
    image: FloatArray | None
    mask: FloatArray | None
    strength: float
    controls: tuple[Control, ...]
    loras: tuple[Lora, ...]

    @property
    def task(self) -> Task:
        """From text alone, from an image, or into the white of a mask."""
        return _task(self.image, self.mask)

    @property
    def guided(self) -> bool:
        """Whether the unwanted prompt counts."""
        return self.guidance > GUIDED_ABOVE

    def control_picture(self, number: int) -> FloatArray:
        """The picture of one of its controls, `H×W×3` in 0..1."""
        return to_float(self.controls[number].images["color"][..., :3])


def _task(image: Any, mask: Any) -> Task:
    return "text" if image is None else "image" if mask is None else "inpaint"


def batch_key(words: Mapping[str, Any], controls: tuple[tuple[str, float, float, float], ...]) -> Hashable:
    """What images of one batch must share: model, shape, scheduler steps, tiling, task and kinds of control."""
    said = settled(words)
    task = _task(said["image"], said["mask"])
    return (
        said["model"].model_dump_json(),
        tuple((lora.file.sha256, lora.weight) for lora in said["loras"]),
        said["size"],
        _steps(said),
        said["guidance"] > GUIDED_ABOVE,
        said["tile"],
        task,
        said["strength"] if task != "text" else None,
        tuple(kind if _shares(said["model"], kind) else (kind, *acts) for kind, *acts in controls),
    )


def _shares(card: ModelCard, kind: str) -> bool:
    """Whether a control acts on each image of a batch as that image asks."""
    return kind not in card.controls or card.controls[kind].type != "ip_adapter"


def settled(words: Mapping[str, Any]) -> dict[str, Any]:
    """The words with what is None taken from the card's defaults; `size` is then set."""
    card: ModelCard = words["model"]
    said = {key: value for key, value in words.items() if value is not None}
    across, down = said.get("scale", (1.0, 1.0))
    native = (round(card.native[0] * across), round(card.native[1] * down))
    return {**words, "size": native, **FALLBACKS, **card.defaults, **said}


def read_request(job: SourceJob) -> Request:
    """Settle a job's words and read its pictures. Raises `InputError` for what the model or the task cannot take."""
    words = settled(dict(job.arguments))
    card: ModelCard = words["model"]
    for control in job.context.controls:
        _check_control(card, control)
    if sum(not _shares(card, control.kind) for control in job.context.controls) > 1:
        raise InputError("two pictures are to give the style", cure="Name one")
    if words["mask"] and not words["image"]:
        raise InputError("a mask needs an image to repaint", cure="Name it with `image:`, or remove `mask:`")
    return Request(
        asset=job.context.asset,
        emit=job.context.emit,
        device=job.context.device,
        ahead=job.context.remaining,
        card=card,
        prompt=words["prompt"],
        negative=words["negative"],
        seed=words["seed"],
        size=words["size"],
        steps=_steps(words),
        guidance=words["guidance"],
        tile=words["tile"],
        image=opaque(read_image(words["image"].path)) if words["image"] else None,
        mask=opaque(read_image(words["mask"].path)).mean(2, keepdims=True) if words["mask"] else None,
        strength=float(words["strength"]),
        controls=job.context.controls,
        loras=(*card.loras, *(Lora(file=lora.file.path, weight=lora.weight) for lora in words["loras"])),
    )


def _check_control(card: ModelCard, control: Control) -> None:
    if control.kind not in card.controls:
        has = did_you_mean(control.kind, card.controls) if card.controls else "It has none."
        raise InputError(f"model '{card.model}' has no control '{control.kind}'", cure=has)
    kind, known = card.controls[control.kind].type, family(card.family).steerings
    if kind not in known:
        what = f"control '{control.kind}' of model '{card.model}' is a {kind}, which family '{card.family}' cannot use"
        raise InputError(what, cure=f"It can use: {', '.join(known)}" if known else "Remove the control")
    if kind == "controlnet_union" and card.controls[control.kind].mode is None:
        what = f"control '{control.kind}' of model '{card.model}' is one of a union, and its card does not say which"
        raise InputError(what, cure="Add its number as `mode:`")
    if control.start >= control.end:
        raise InputError(f"control '{control.kind}' ends at {control.end:g}, before it starts at {control.start:g}")


def _steps(words: Mapping[str, Any]) -> int:
    """An image is repainted by the last `strength` of the steps: enough of them that one is left."""
    steps: int = words["steps"]
    return max(steps, math.ceil(1 / words["strength"])) if words["image"] else steps


def opaque(color: Array) -> FloatArray:
    """`H×W×3` in 0..1, transparent parts on white: the background that sprite models are asked for."""
    rgb, alpha = (to_float(part) for part in split_alpha(color))
    return rgb * alpha + (1 - alpha)


def framed(picture: FloatArray, size: Size, made: Size) -> FloatArray:
    """A picture to cover `size` (cut centrally where the shapes differ), then its edge repeated out to `made`."""
    import cv2

    height, width = picture.shape[:2]
    grow = max(size[0] / width, size[1] / height)
    if grow != 1:
        full = (max(size[0], round(width * grow)), max(size[1], round(height * grow)))
        way = cv2.INTER_AREA if grow < 1 else cv2.INTER_CUBIC
        picture = np.clip(cv2.resize(picture, full, interpolation=way), 0, 1).reshape(full[1], full[0], -1)
    picture = cut(picture, size)
    left, top = ((made[0] - size[0]) // 2, (made[1] - size[1]) // 2)
    sides = ((top, made[1] - size[1] - top), (left, made[0] - size[0] - left), (0, 0))
    return np.pad(picture, sides, mode="edge")


def cut(picture: Any, size: Size) -> Any:
    """The middle of a picture, `size` wide and high."""
    height, width = picture.shape[:2]
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    return picture[top : top + size[1], left : left + size[0]]
