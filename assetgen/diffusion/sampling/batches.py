"""Jobs to images, in batches of one shape on a warm model."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

from assetgen.diffusion.loading.models import WarmModel, warm_model
from assetgen.diffusion.sampling.decode import latents_to_image
from assetgen.diffusion.sampling.denoise import denoise
from assetgen.diffusion.sampling.latents import encode_images, image_channels, quantize, to_tensor
from assetgen.diffusion.sampling.periodic_positions import periodic_positions
from assetgen.diffusion.sampling.previews import learn_colors
from assetgen.diffusion.sampling.prompts import chunk_count
from assetgen.diffusion.sampling.request import Request, center_crop, fit_image, read_request, with_channels
from assetgen.diffusion.sampling.tiling import circular_padding
from assetgen.diffusion.speed.compiling import CompilingError, compile_modules, compiled, uncompiled
from assetgen.diffusion.speed.devices import is_out_of_memory, libraries
from assetgen.diffusion.speed.energy import EnergyMeter
from assetgen.errors import BuildError, InputError
from assetgen.events import Compiling, Drawn, Shrunk, Uncompiled
from assetgen.images import ImageSet, color_image, layered_image
from assetgen.pack.schema import ImageSize
from assetgen.parts import SourceJob

if TYPE_CHECKING:
    from torch import Tensor


def sample(jobs: Iterable[SourceJob], read: Callable[[SourceJob], Request] = read_request) -> Iterator[ImageSet]:
    """One image per job, in order. All jobs have one `diffusion_batch_key`; they are read lazily, by `read`.

    Raises `InputError` for a request that the model does not support, and `BuildError` where the device's memory is
    too small for one image.
    """
    requests = map(read, jobs)
    first = next(requests, None)
    if first is None:
        return
    kinds = [control.kind for control in first.controls]
    warm = warm_model(first.card, first.loras, kinds, first.emit, first.device)
    size = sampling_size(warm, first)
    checked = map(partial(_check_negative_prompt, warm), chain([first], requests))
    for batch in _batches(warm, checked):
        yield from _sample_within_memory(warm, batch, size)


def _batches(warm: WarmModel, requests: Iterator[Request]) -> Iterator[list[Request]]:
    """Batches of requests whose prompts have one number of chunks, and their references one size each: then their
    embeddings have one shape."""

    def shapes(request: Request) -> Hashable:
        chunks = chunk_count(warm, request.prompt, request.negative_prompt)
        return chunks, tuple(picture.shape for picture in request.references)

    for _, group in groupby(requests, shapes):
        while batch := list(islice(group, warm.device.batch)):
            yield batch


def sampling_size(warm: WarmModel, request: Request) -> ImageSize:
    """The request's size, rounded up to whole tokens; the image is cropped afterwards.

    Raises `InputError` for a size above the model's limit, and for one that is not a multiple along a tiling axis:
    cropping would break the tiling.
    """
    for axis, side in zip("xy", request.size, strict=True):
        if axis in request.tile and side % warm.tiling_multiple:
            what = f"{side} pixels along {axis} cannot tile in model '{request.card.model}'"
            raise InputError(what, cure=f"Use a multiple of {warm.tiling_multiple}")
    width, height = (-(-side // warm.size_multiple) * warm.size_multiple for side in request.size)
    if warm.max_side and max(width, height) > warm.max_side:
        what = f"model '{request.card.model}' cannot sample {request.size[0]} × {request.size[1]} pixels"
        raise InputError(what, cure=f"Use sides of at most {warm.max_side}")
    return width, height


def _check_negative_prompt(warm: WarmModel, request: Request) -> Request:
    """Reject a negative prompt that the model cannot use; the card's own default is allowed."""
    card = request.card
    if request.negative_prompt not in ("", card.defaults.get("negative")) and not warm.uses_cfg(request):
        what = f"model '{card.model}' takes no negative prompt at guidance {request.guidance_scale:g}"
        cure = "Remove `negative:`"
        if not warm.family.guidance_distilled(warm.pipeline):
            cure += f", or set `guidance` above {warm.family.neutral_guidance:g}"
        raise InputError(what, cure=cure)
    return request


def _sample_within_memory(warm: WarmModel, batch: Sequence[Request], size: ImageSize) -> Iterator[ImageSet]:
    """The images of a batch. When memory runs out, `_free_memory` and repeat, with the smaller batch size for good."""
    while batch:
        part = batch[: warm.device.batch]
        images: list[ImageSet] = []
        try:
            images = _sample_batch(warm, part, size)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise  # otherwise continue below: the exception's traceback holds memory until the block ends
        except CompilingError as error:
            part[0].emit(Uncompiled(model=part[0].card.model, reason=str(error)))
            continue
        if images:
            batch = batch[len(part) :]
            yield from images
        else:
            _free_memory(warm, part[0])


def _free_memory(warm: WarmModel, request: Request) -> None:
    """Drop the CUDA graphs; where there are none, halve the batch size."""
    torch, _ = libraries()
    if warm.cuda_graphs.allowed and warm.cuda_graphs.graphs:
        warm.cuda_graphs.disable()
    else:
        half = warm.device.batch // 2
        if not half:
            what = f"one image of this size does not fit into memory with model '{request.card.model}'"
            raise BuildError(what, cure="Use a smaller `size` or a smaller model")
        warm.device = replace(warm.device, batch=half)
        request.emit(Shrunk(batch=half))
    torch.cuda.empty_cache()


def _sample_batch(warm: WarmModel, batch: Sequence[Request], size: ImageSize) -> list[ImageSet]:
    """Sample and decode a batch, padded with its last request to one of a few batch sizes."""
    torch, _ = libraries()
    first = batch[0]
    kinds = [control.kind for control in first.controls]
    with warm.lock, warm.device.current(), torch.inference_mode():
        started, energy = time.perf_counter(), EnergyMeter(warm.device)
        chunks = chunk_count(warm, first.prompt, first.negative_prompt)
        references = tuple(picture.shape for picture in first.references)
        shape = (size, first.steps, warm.uses_cfg(first), chunks, references, *kinds)
        fast, modules = _compile(warm, first, shape), warm.compilable(kinds)
        count = warm.device.batch if fast else warm.device.padded_batch(len(batch))
        padded = [*batch, *[batch[-1]] * (count - len(batch))]
        with compiled(warm.compiler, modules) if fast else uncompiled(modules):
            with tiling(warm, first, kinds, size), warm.ip_adapter_installed(first.card, kinds):
                latents = denoise(warm, padded, size, [request.asset for request in batch])
            decoded = [_decode(warm, request, latents[slot : slot + 1]) for slot, request in enumerate(batch)]
            images = _to_image_sets(warm, batch, decoded)
        seconds = time.perf_counter() - started
        _emit_drawn(warm, batch, count, seconds, energy.joules() / seconds, fast)
        learn_colors(warm, batch, latents, [image["color"] for image in images if "color" in image.channels])
    return images


@contextmanager
def tiling(warm: WarmModel, request: Request, kinds: Sequence[str], size: ImageSize) -> Iterator[None]:
    """Context in which the networks have no border along the request's tiling axes."""
    networks, tokens = warm.networks(kinds), [side // warm.size_multiple for side in size]
    periodic = request.tile if request.card.seamless == "periodic" else ""
    sides = {axis: count for axis, count in zip("xy", tokens, strict=True) if axis in periodic}
    with circular_padding(networks, request.tile), periodic_positions(networks, sides):
        yield


def _compile(warm: WarmModel, request: Request, shape: Hashable) -> bool:
    """True if a batch of this shape runs compiled; compiles the networks first where that is due. With circular
    padding or an IP-Adapter the layers change, so those batches run uncompiled."""
    kinds = [control.kind for control in request.controls]
    if request.tile or request.card.compile == "never" or warm.uses_ip_adapter(request.card, kinds):
        return False
    if shape not in warm.compiler.compiled and warm.compiler.should_compile(request.card.compile, request.remaining):
        request.emit(Compiling(model=request.card.model))
        compile_modules(warm.compilable(kinds))
        warm.cuda_graphs.clear()
        warm.compiler.compiled.add(shape)
    return shape in warm.compiler.compiled


def _emit_drawn(
    warm: WarmModel, batch: Sequence[Request], count: int, seconds: float, watts: float, fast: bool
) -> None:
    """Emit `Drawn` for each request of a batch that was padded to `count` images."""
    layout = "" if not warm.compiler.compiled else ", compiled" if fast else ", channels last"
    device, memory = warm.device.description + layout, warm.device.memory
    each = seconds / len(batch)
    for slot, request in enumerate(batch):
        event = Drawn(
            asset=request.asset, seconds=each, device=device, batch=count, slot=slot, watts=watts, memory=memory
        )
        request.emit(event)


def _decode(warm: WarmModel, request: Request, latents: Tensor) -> tuple[Tensor, Tensor]:
    """The image `H×W×C` uint8 and whether its pixels are finite: tensors on the device, which may not have finished.
    An inpainted image has the exact pixels of `init_image` where the mask is 0; the layers of a picture are stacked."""
    if request.layers:
        return _decode_layers(warm, request, latents)
    pixels = center_crop(latents_to_image(warm.pipeline.vae, latents, request.tile), request.size)
    if request.init_image is not None and request.detail:
        pixels = _with_detail(warm, request, pixels)
    if request.card.matte is not None:
        pixels = _without_white(pixels)
    finite = pixels.isfinite().all()
    if request.init_image is not None and request.mask_image is not None:
        image = with_channels(request.init_image, pixels.shape[-1])
        inputs = (fit_image(each, request.size, request.size) for each in (request.mask_image, image))
        mask, original = (pixels.new_tensor(each) for each in inputs)
        pixels = mask * pixels + (1 - mask) * original
    return quantize(pixels), finite


def _with_detail(warm: WarmModel, request: Request, pixels: Tensor) -> Tensor:
    """The sampled image `H×W×C` with the share `detail` of what the autoencoder loses of the initial one: that image
    less what its latents decode to. Its alpha is mixed in by the same share, since torn edges show most."""
    torch, _ = libraries()
    assert request.init_image is not None
    vae, size = warm.pipeline.vae, request.size
    image = with_channels(request.init_image, image_channels(vae), matte=request.card.matte is not None)
    padded = to_tensor(fit_image(image, size, sampling_size(warm, request)))
    with circular_padding([vae], request.tile):
        latents = encode_images(warm.pipeline, padded)
    decoded = center_crop(latents_to_image(vae, latents, request.tile), size)
    given = center_crop(padded[0].permute(1, 2, 0), size).to(decoded)
    made = (pixels + request.detail * (given - decoded)).clamp(0, 1)
    if pixels.shape[-1] != 4 or given.shape[-1] != 4:
        return made
    alpha = torch.lerp(made[..., 3:], given[..., 3:], request.detail)
    return torch.cat([made[..., :3], alpha], dim=-1)


def _without_white(pixels: Tensor) -> Tensor:
    """Straight RGBA `H×W×4` in 0..1, of colours that are blended with white by alpha."""
    torch, _ = libraries()
    rgb, alpha = pixels[..., :3], pixels[..., 3:]
    straight = (rgb - (1 - alpha)) / alpha.clamp_min(1 / 255)
    return torch.cat([straight.clamp(0, 1), alpha], dim=-1)


def _decode_layers(warm: WarmModel, request: Request, latents: Tensor) -> tuple[Tensor, Tensor]:
    """The layers `N×H×W×4` uint8 without the whole picture, which comes first."""
    torch, _ = libraries()
    frames = latents.chunk(request.layers + 1, dim=1)[1:]
    layers = torch.stack([latents_to_image(warm.pipeline.vae, frame, request.tile) for frame in frames])
    return quantize(layers), layers.isfinite().all()


def _to_image_sets(
    warm: WarmModel, batch: Sequence[Request], decoded: Sequence[tuple[Tensor, Tensor]]
) -> list[ImageSet]:
    """Copy the images of a batch to the CPU, all at once: each copy waits for the device."""
    torch, _ = libraries()
    images, finite = (torch.stack(each) for each in zip(*decoded, strict=True))
    if not finite.all():
        cure = "Set its card's precision to float32"
        if warm.device.dtype == torch.float32:
            cure = "Its weights, a LoRA, an embedding or a control contain NaN: download them again"
        raise InputError(f"model '{batch[0].card.model}' produced NaN pixels", cure=cure)
    arrays = images.cpu().numpy()
    if batch[0].layers:
        return [layered_image(array) for array in arrays]
    cell = batch[0].card.cell
    alpha = arrays.shape[-1] == 4
    meta = {"cell": cell, "pixel_art": cell == 1 or None, "native_alpha": alpha or None}
    return [
        color_image(array, tiles=request.tile, given_alpha=(alpha and request.gives_alpha) or None, **meta)
        for request, array in zip(batch, arrays, strict=True)
    ]
