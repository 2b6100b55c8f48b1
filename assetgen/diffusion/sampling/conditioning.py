"""What tells a network what to draw (words, guidance, controls, what stands around a mask), and its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from typing import Any

import numpy as np

from assetgen.diffusion.families import Sight, Steering
from assetgen.diffusion.loading.models import WarmModel
from assetgen.diffusion.loading.schedulers import scale_model_input
from assetgen.diffusion.sampling.latents import as_tensor, encode_pictures
from assetgen.diffusion.sampling.prompts import encode
from assetgen.diffusion.sampling.request import Request, Size, framed
from assetgen.diffusion.sampling.rolling import VIEWS, Cells, rolled, shifts, starts, weights
from assetgen.diffusion.speed.compiling import is_compiled
from assetgen.errors import InputError
from assetgen.images import FloatArray

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Steer:
    """One control of a batch: its network, what it saw, and by image its strength and where it acts."""

    kind: str
    how: Steering
    network: Any
    mode: int | None
    seen: Any
    strengths: Any
    starts: Any
    ends: Any

    def at(self, progress: float) -> Any:
        """The strengths `B×1×1×1` after this share (0..1) of the steps, on the CPU: asking a GPU makes it wait."""
        return self.strengths * ((self.starts <= progress) & (progress < self.ends))


@dataclass(frozen=True)
class Guide:
    """What a batch is told. Where `guidance` is set, unwanted prompts stand before the wanted ones.

    `filled` are channels beside the latents, of models made for inpainting; `tile` the axes along which the pictures
    wrap, `rolls` those along which the network is shown rolled latents, and `begins` where each image's offsets begin.
    """

    told: dict[str, Any]
    guidance: Any
    steers: tuple[Steer, ...]
    filled: Any
    tile: str
    rolls: str
    begins: list[dict[str, float]]


def guide(warm: WarmModel, requests: Sequence[Request], made: Size) -> Guide:
    """What alike requests, to be sampled at `made`, tell the network in every step."""
    import torch

    guided, tile = warm.guided(requests[0]), requests[0].tile
    found = encode(warm, [(request.prompt, request.negative) for request in requests], guided)
    texts = {name: tensor for name, tensor in found.items() if not name.startswith("negative_")}
    if guided:
        texts = {name: torch.cat([found[f"negative_{name}"], tensor]) for name, tensor in texts.items()}
    guidance = _column([request.guidance for request in requests]).to(warm.device.torch_device)
    return Guide(
        told=warm.family.told(warm.pipeline, texts, made, guidance),
        guidance=guidance if guided else None,
        steers=tuple(_steer(warm, requests, number, made) for number in range(len(requests[0].controls))),
        filled=_filled(warm, requests, made),
        tile=tile,
        rolls=tile if warm.family.rolls(warm.network) else "",
        begins=[starts(request.seed) for request in requests],
    )


def _steer(warm: WarmModel, requests: Sequence[Request], number: int, made: Size) -> Steer:
    import torch

    controls = [request.controls[number] for request in requests]
    kind, card = controls[0].kind, requests[0].card
    network, how = warm.controls[kind], warm.family.steerings[card.controls[kind].type]
    pictures = [as_tensor(framed(request.control_picture(number), request.size, made)) for request in requests]
    return Steer(
        kind,
        how,
        network,
        card.controls[kind].mode,
        how.see(warm.pipeline, network, torch.cat(pictures)),
        _column([control.strength for control in controls]),
        _column([control.start for control in controls]),
        _column([control.end for control in controls]),
    )


def _column(values: Sequence[float]) -> Any:
    import torch

    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1, 1, 1)


def _filled(warm: WarmModel, requests: Sequence[Request], made: Size) -> Any:
    """For models made for inpainting: what stands around each mask. Where there is none, all is to be drawn."""
    import torch

    if not warm.is_inpainting:
        return None
    masks, kept = zip(*(_around(request, made) for request in requests), strict=True)
    latents = torch.cat([encode_pictures(warm.pipeline, as_tensor(picture)) for picture in kept])
    whole = torch.cat([as_tensor(mask) for mask in masks]).to(latents)
    return warm.family.filling(latents, whole)


def _around(request: Request, made: Size) -> tuple[FloatArray, FloatArray]:
    """The mask of a request, hard, and its picture with grey in the white of it."""
    if request.image is None or request.mask is None:
        return np.ones((made[1], made[0], 1), np.float32), np.full((made[1], made[0], 3), 0.5, np.float32)
    mask = (framed(request.mask, request.size, made) >= 0.5).astype(np.float32)
    return mask, framed(request.image, request.size, made) * (1 - mask) + 0.5 * mask


@dataclass(frozen=True)
class Moment:
    """A step: its number from 1, its time in the scheduler's words, and the share (0..1) of the steps at its middle."""

    step: int
    time: Any
    progress: float


def predict(warm: WarmModel, told: Guide, scheduler: Any, latents: Any, now: Moment) -> Any:
    """What the model takes for noise (or velocity) in latents, guided: `B×C×h×w` float32."""
    entering = scale_model_input(scheduler, latents, now.time)
    if not told.rolls:
        return _look(warm, told, entering, now, [(0, 0)] * len(latents))
    size = (latents.shape[-1], latents.shape[-2])
    total, sure = 0.0, 0.0
    for view in VIEWS:
        cells = shifts(told.begins, now.step, view, told.rolls, size)
        weight = weights(cells, told.rolls, size).to(latents)
        total = total + weight * _look(warm, told, entering, now, cells)
        sure = sure + weight
    return total / sure


def _look(warm: WarmModel, told: Guide, latents: Any, now: Moment, cells: Cells) -> Any:
    """What the model says of latents that it is shown rolled by so many cells, rolled back."""
    width = latents.shape[-1]
    steers = [(steer, steer.at(now.progress)) for steer in told.steers]
    active = [(steer, strengths) for steer, strengths in steers if steer.how.worn or strengths.any()]
    given = {
        "latents": rolled(latents, cells, width).to(warm.network.dtype),
        "time": now.time,
        "told": told.told,
        "guidance": told.guidance,
        "filled": None if told.filled is None else rolled(told.filled, cells, width).to(warm.network.dtype),
        "seen": [
            steer.seen if steer.how.worn else _each(steer.seen, lambda part: rolled(part, cells, width))
            for steer, _ in active
        ],
        "strengths": [strengths.to(latents.device, warm.network.dtype) for _, strengths in active],
    }
    answer = partial(_answer, warm, [steer for steer, _ in active])
    if any(steer.how.worn for steer, _ in active):
        found = answer(given)
    else:
        what = (is_compiled(warm.network), told.tile, *(steer.kind for steer, _ in active))
        found = warm.cuda_graphs.run(answer, given, what)
    return rolled(found, cells, width, back=True)


def _answer(warm: WarmModel, steers: Sequence[Steer], given: Mapping[str, Any]) -> Any:
    """What the networks say, guided: a function of tensors alone."""
    import torch

    guidance, entering = given["guidance"], given["latents"]
    if guidance is not None:
        entering = torch.cat([entering] * 2)
    steered = _steered(steers, entering, given)
    if given["filled"] is not None:
        filled = given["filled"]
        entering = torch.cat([entering, filled.repeat(len(entering) // len(filled), 1, 1, 1)], dim=1)
    found = warm.family.predict(warm.network, entering, given["time"], {**given["told"], **steered}).float()
    if guidance is not None:
        unwanted, wanted = found.chunk(2)
        found = unwanted + guidance * (wanted - unwanted)
    return found


def _steered(steers: Sequence[Steer], entering: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The sum of what the controls say, under the network's names for it."""
    total: dict[str, Any] = {}
    for steer, seen, strengths in zip(steers, given["seen"], given["strengths"], strict=True):
        repeats = (len(entering) // len(strengths), 1, 1, 1)
        if steer.how.worn is None:
            seen = _each(seen, methodcaller("repeat", *repeats))
        sight = Sight(seen, strengths.repeat(repeats), steer.mode)
        for name, said in steer.how.say(steer.network, entering, given["time"], given["told"], sight).items():
            total[name] = _sum(total[name], said, steer.kind) if name in total else said
    return total


def _each(seen: Any, change: Change) -> Any:
    return tuple(map(change, seen)) if isinstance(seen, tuple) else change(seen)


def _sum(one: Any, other: Any, kind: str) -> Any:
    if isinstance(one, bool):
        return one
    if not isinstance(one, tuple):
        return one + other
    if len(one) != len(other):
        raise InputError(
            f"control '{kind}' is of another depth than the others of this model", cure="Use one at a time"
        )
    return tuple(a + b for a, b in zip(one, other, strict=True))
