"""Requests to pictures, in batches of one shape on a warm model."""

import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, groupby, islice
from typing import Any

from assetgen.diffusion.loading.models import WarmModel, warm_model
from assetgen.diffusion.sampling.decode import decode
from assetgen.diffusion.sampling.denoise import denoise
from assetgen.diffusion.sampling.latents import to_bytes
from assetgen.diffusion.sampling.prompts import chunk_count
from assetgen.diffusion.sampling.request import GUIDED_ABOVE, Request, Size, cut, framed, read_request
from assetgen.diffusion.sampling.tiling import wrapping
from assetgen.diffusion.speed.compiling import CompilingError, compile_networks, compiled, uncompiled
from assetgen.diffusion.speed.devices import Device, is_out_of_memory, libraries
from assetgen.diffusion.speed.energy import EnergyMeter
from assetgen.errors import BuildError, InputError
from assetgen.events import Compiling, Drawn, Shrunk, Uncompiled
from assetgen.images import ImageSet, color_image
from assetgen.parts import SourceJob


def sample(jobs: Iterable[SourceJob]) -> Iterator[ImageSet]:
    """One picture (`color`, RGB uint8) a job, in order. The jobs are alike (see `request.alike`), and read lazily."""
    requests = map(read_request, jobs)
    first = next(requests, None)
    if first is None:
        return
    kinds = [control.kind for control in first.controls]
    warm = warm_model(first.card, first.loras, kinds, first.emit, first.device)
    made = made_size(warm, first)
    heard = map(partial(_heard, warm), chain([first], requests))
    for batch in _batches(warm, heard):
        yield from _fitting(warm, batch, made)


def _batches(warm: WarmModel, requests: Iterator[Request]) -> Iterator[list[Request]]:
    """Requests a batch at a time; prompts of another number of chunks have another shape, and begin a new one."""
    for _, batch_key in groupby(requests, lambda each: chunk_count(warm, each.prompt, each.negative)):
        while batch := list(islice(batch_key, warm.device.batch)):
            yield batch


def made_size(warm: WarmModel, request: Request) -> Size:
    """The size to sample at: whole latents. A picture that wraps cannot be cut, so its sides must be right already."""
    for axis, side in zip("xy", request.size, strict=True):
        if axis in request.tile and side % warm.tiling_multiple:
            what = f"{side} pixels along {axis} do not wrap in model '{request.card.model}'"
            raise InputError(what, cure=f"Use a multiple of {warm.tiling_multiple}")
    width, height = (-(-side // warm.size_multiple) * warm.size_multiple for side in request.size)
    if warm.max_side and max(width, height) > warm.max_side:
        what = f"model '{request.card.model}' cannot draw {request.size[0]} × {request.size[1]} pixels"
        raise InputError(what, cure=f"Ask for sides of at most {warm.max_side}")
    return width, height


def _heard(warm: WarmModel, request: Request) -> Request:
    """The request, unless it unwants what this model cannot hear (but what its card unwants for every picture)."""
    card = request.card
    if request.negative and request.negative != card.defaults.get("negative") and not warm.guided(request):
        other = "" if warm.family.told_guidance(warm.network) else f", or ask for `guidance` above {GUIDED_ABOVE:g}"
        what = f"model '{card.model}' takes no negative prompt at guidance {request.guidance:g}"
        raise InputError(what, cure=f"Remove `negative:`{other}")
    return request


def _fitting(warm: WarmModel, batch: Sequence[Request], made: Size) -> Iterator[ImageSet]:
    """The pictures of a batch; where it does not fit into memory, of halves of it, as of all batches from then on."""
    while batch:
        part = batch[: warm.device.batch]
        pictures: list[ImageSet] = []
        try:
            pictures = _pictures(warm, part, made)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise  # else go on outside: what the error holds is free only once it is forgotten
        except CompilingError as error:
            part[0].emit(Uncompiled(model=part[0].card.model, reason=str(error)))
            continue
        if pictures:
            batch = batch[len(part) :]
            yield from pictures
        else:
            _shrink(warm, part[0])


def _shrink(warm: WarmModel, request: Request) -> None:
    """Make room: let recordings go, and where there are none, halve the batch."""
    torch, _ = libraries()
    if warm.cuda_graphs.allowed and warm.cuda_graphs.graphs:
        warm.cuda_graphs.disable()
    else:
        half = warm.device.batch // 2
        if not half:
            what = f"model '{request.card.model}' does not fit into memory with one picture of this size"
            raise BuildError(what, cure="Ask for a smaller `size`, or use a smaller model")
        warm.device = replace(warm.device, batch=half)
        request.emit(Shrunk(batch=half))
    torch.cuda.empty_cache()


def _pictures(warm: WarmModel, batch: Sequence[Request], made: Size) -> list[ImageSet]:
    """Sample and decode a batch, filled with repeats of its last request to one of a few sizes."""
    torch, _ = libraries()
    first = batch[0]
    kinds = [control.kind for control in first.controls]
    with warm.lock, warm.device.current(), torch.inference_mode():
        started, energy = time.perf_counter(), EnergyMeter(warm.device)
        shape = (made, first.steps, warm.guided(first), chunk_count(warm, first.prompt, first.negative), *kinds)
        fast, networks = _compile(warm, first, shape), warm.compilable(kinds)
        size = warm.device.batch if fast else warm.device.padded_batch(len(batch))
        filled = [*batch, *[batch[-1]] * (size - len(batch))]
        with compiled(warm.compiler, networks) if fast else uncompiled(networks):
            with wrapping(warm.networks(kinds), first.tile), warm.ip_adapter_installed(first.card, kinds):
                latents = denoise(warm, filled, made, [request.asset for request in batch])
            drawn = [_draw(warm, request, latents[slot : slot + 1]) for slot, request in enumerate(batch)]
            pictures = _fetched(warm, batch, drawn)
        seconds = time.perf_counter() - started
        laid = "" if not warm.compiler.compiled else ", compiled" if fast else ", channels last"
        _tell(warm.device, batch, size, seconds, energy.joules() / seconds, laid)
    return pictures


def _compile(warm: WarmModel, request: Request, shape: Hashable) -> bool:
    """True if a batch of this shape runs compiled; compiles the networks where that is due. Seamless images and
    IP-Adapters run uncompiled: they change layers temporarily."""
    kinds = [control.kind for control in request.controls]
    if request.tile or warm.uses_ip_adapter(request.card, kinds):
        return False
    if shape not in warm.compiler.compiled and warm.compiler.should_compile(request.card.compile, request.ahead):
        request.emit(Compiling(model=request.card.model))
        compile_networks(warm.compilable(kinds))
        warm.cuda_graphs.clear()
        warm.compiler.compiled.add(shape)
    return shape in warm.compiler.compiled


def _tell(device: Device, batch: Sequence[Request], size: int, seconds: float, watts: float, laid: str) -> None:
    each, memory = seconds / len(batch), device.memory
    about = device.description + laid
    for slot, request in enumerate(batch):
        news = Drawn(asset=request.asset, seconds=each, device=about, batch=size, slot=slot, watts=watts, memory=memory)
        request.emit(news)


def _draw(warm: WarmModel, request: Request, latent: Any) -> tuple[Any, Any]:
    """A picture in 8 bits, and whether all of it are numbers: tensors of the device, which may still be at work.
    Outside the mask of an inpainting it has the very pixels of the image that was given."""
    pixels = cut(decode(warm.pipeline.vae, latent, request.tile), request.size)
    sound = pixels.isfinite().all()
    if request.image is not None and request.mask is not None:
        given = (framed(each, request.size, request.size) for each in (request.mask, request.image))
        mask, original = (pixels.new_tensor(each) for each in given)
        pixels = mask * pixels + (1 - mask) * original
    return to_bytes(pixels), sound


def _fetched(warm: WarmModel, batch: Sequence[Request], drawn: Sequence[tuple[Any, Any]]) -> list[ImageSet]:
    """The pictures of a batch, once the device has drawn them all: each question would make it wait."""
    torch, _ = libraries()
    pictures, sound = (torch.stack(each) for each in zip(*drawn, strict=True))
    if not sound.all():
        exact = warm.device.dtype == torch.float32
        cure = "Something in its weights or those of its LoRAs, words or controls is no number: get them again"
        raise InputError(
            f"model '{batch[0].card.model}' gave no picture",
            cure=cure if exact else "Set its card's precision to float32",
        )
    arrays = pictures.cpu().numpy()
    return [color_image(array, tiles=request.tile) for request, array in zip(batch, arrays, strict=True)]
