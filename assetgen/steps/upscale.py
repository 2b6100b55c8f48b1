"""Enlarge an image two to four times."""

from typing import Literal

import numpy as np

from assetgen.errors import InputError
from assetgen.images import Array, FloatArray, ImageSet, is_colored, size_error, split_alpha, to_float
from assetgen.pack.schema import ModelCard
from assetgen.parts import gained, part
from assetgen.pixels.color import linear_from_srgb, srgb_from_linear
from assetgen.steps._edge import bleed
from assetgen.steps._epx import epx_places
from assetgen.steps._models import Model
from assetgen.steps._resample import filtered_channel, like_samples, resampled, scaled_meta, unit_normals
from assetgen.steps._xbr import blended, xbr_corners


@part(version=1)
@gained("network")
def upscale(
    images: ImageSet,
    device: str = "auto",
    *,
    factor: Literal[2, 3, 4] = 2,
    method: Literal["auto", "scale2x", "xbr", "lanczos"] = "auto",
    network: Model | None = None,
) -> ImageSet:
    """Enlarge every channel by a whole factor.

    - `factor`: 2, 3 or 4.
    - `method`: `scale2x` (EPX; also Scale3x, Scale4x) rounds the stairs of pixel art and adds no colour. `xbr` draws
      smooth lines with antialiasing through them, so that the result is no pixel art; by 4 and again by 2 or 4, crisp
      cells look painted. In both, every channel follows the colours. `lanczos` filters, colours in linear light and
      with premultiplied alpha. `auto` is `scale2x` for pixel art and `lanczos` for other images.

    - `network`: a super-resolution network for `color` in place of `method`: a model card of your own, of family
      `super_resolution`, with `weights: {file: NETWORK.safetensors}` (ESRGAN, Real-ESRGAN, SPAN, SwinIR, DAT, …). It
      needs `pip install --no-deps spandrel einops`. Where its own factor is another, the result is resized.

    Tiling images are read across the border and still tile. Normals keep unit length. Trim, regions and cell size in
    `meta` are scaled too. To repeat each pixel of pixel art unchanged, use `resize: {scale: 2}`.

    Examples:
        - upscale: {factor: 4}
        - upscale: {factor: 4, method: xbr}
        - upscale: {factor: 4, network: my_esrgan}
    """
    target = images.size[0] * factor, images.size[1] * factor
    if error := size_error(target):
        raise InputError(error, cure="Choose a smaller factor")
    if network is not None:
        method = "lanczos"
    hard = method == "scale2x" or (method == "auto" and bool(images.meta.pixel_art))
    tiles = images.meta.tiles or ""
    if hard:
        places = epx_places(images["color"], factor, tiles)
        channels = {name: array.reshape(-1, array.shape[2])[places] for name, array in images.channels.items()}
    elif method == "xbr":
        corners = tuple(xbr_corners(images["color"], factor, tiles))
        channels = {
            name: filtered_channel(array, name, lambda pixels: blended(pixels, corners, factor))
            for name, array in images.channels.items()
        }
    else:
        channels = {name: _enlarged(array, target, tiles, name) for name, array in images.channels.items()}
    if network is not None:
        channels["color"] = _by_network(images["color"], target, tiles, network, device)
    return ImageSet(channels, scaled_meta(images.meta, (float(factor), float(factor)), "nearest" if hard else method))


def _by_network(array: Array, target: tuple[int, int], tiles: str, network: ModelCard, device: str) -> Array:
    """The colours enlarged by a network; alpha, too, as a grey image."""
    from assetgen.diffusion.sampling.enlarging import enlarge

    rgb, alpha = (to_float(each) for each in split_alpha(array))
    if array.shape[2] == 4:
        rgb = bleed(rgb, alpha[..., 0])
    planes = [enlarge(rgb, network, tiles, device)]
    if array.shape[2] == 4:
        planes.append(enlarge(alpha.repeat(3, 2), network, tiles, device).mean(axis=2, keepdims=True))
    pixels = np.concatenate(planes, axis=2)
    if pixels.shape[:2] != target[::-1]:
        pixels = np.clip(_in_linear_light(pixels, target, tiles), 0, 1)
    return like_samples(pixels, array)


def _enlarged(array: Array, target: tuple[int, int], tiles: str, name: str) -> Array:
    """A channel enlarged by Lanczos; colours in linear light."""
    pixels = to_float(array)
    pixels = (_in_linear_light if is_colored(name) else _plainly)(pixels, target, tiles)
    if name == "normal":
        pixels = unit_normals(pixels)
    return like_samples(np.clip(pixels, 0, 1), array)


def _plainly(pixels: FloatArray, target: tuple[int, int], tiles: str) -> FloatArray:
    return resampled(pixels, target, "lanczos", tiles)


def _in_linear_light(color: FloatArray, target: tuple[int, int], tiles: str) -> FloatArray:
    rgb, alpha = linear_from_srgb(color[..., :3]), color[..., 3:]
    if not alpha.shape[2]:
        return srgb_from_linear(resampled(rgb, target, "lanczos", tiles))
    whole = resampled(np.concatenate([rgb * alpha, alpha], axis=2), target, "lanczos", tiles)
    cover = whole[..., 3:]
    return np.concatenate([srgb_from_linear(whole[..., :3] / np.maximum(cover, np.float32(1 / 65535))), cover], axis=2)
