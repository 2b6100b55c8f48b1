"""Remove the plain background of an image."""

import warnings
from typing import Literal

import numpy as np

from assetgen.errors import InputError, NotInstalledError
from assetgen.images import Array, FloatArray, ImageSet, split_alpha, to_float, to_uint8, to_uint16
from assetgen.parts import gained, part
from assetgen.pixels.alpha_faults import worst_fault
from assetgen.steps._edge import FAINT, SOLID, bleed, soft_edge
from assetgen.steps._key import Mask, drop_shadow, find_background, open_holes, srgb_from_lab
from assetgen.steps._matte import find_matte, fused_colors
from assetgen.steps._models import Model

_OPAQUE = 0.5
_SPECK = 0.001  # of the image: smaller islands are removed (16 px of 128 × 128)
_TRIMAP_WIDTH = 2  # pixels on either side of the key's edge that matting solves for


@part(version=1)
@gained("network")
def cutout(
    images: ImageSet,
    device: str = "auto",
    *,
    method: Literal["key", "matting"] = "key",
    alpha: Literal["soft", "hard"] = "soft",
    network: Model | None = None,
) -> ImageSet:
    """Make the plain background of `color` transparent; the other channels stay.

    - `method`: `key` compares each pixel with the colour of the border. It allows for slight gradients, noise and weak
      shadows, opens enclosed holes where the evidence is strong, and removes specks. `matting` refines the edge of the
      key by closed-form matting (Levin, Lischinski and Weiss, 2008); it needs the extra `matte`.
    - `alpha`: `soft` keeps partly covered edge pixels; `hard` makes alpha 0 or full, for pixel art.
    - `network`: a background-removal network, tried before the key: the model card `birefnet_lite`, `birefnet`, or one
      of your own of family birefnet, u2net, isnet or isnet_anime with `weights: {file: NETWORK.onnx}`. It needs
      seconds on a CPU, and the extra `onnx`.

    An image that already has transparent pixels keeps its alpha, unless a model sampled it (`meta.native_alpha`): then
    that alpha, the network's and the key's are tried in this order. The first that passes the check `alpha` is used,
    else the one with the best score. An image without a plain border stays opaque where no network finds the object.
    Transparent pixels get the nearest visible colour. The key sets `meta.background` to the removed colour.

    Examples:
        - cutout: {alpha: hard}
        - cutout: {network: birefnet_lite}
    """
    rgb, given = (to_float(channel) for channel in split_alpha(images["color"]))
    plain, kept = [rgb], []
    if given.min() < _OPAQUE:
        kept = [images.replace(color=_joined(rgb, _hardened(given[..., 0], alpha), images["color"]))]
        if not images.meta.native_alpha or worst_fault(kept[0])[0] <= 1:
            return kept[0]
        plain = [rgb, rgb * given + (1 - given)]
    if network is not None:
        kept.append(_found(images, plain[-1], alpha, find_matte(plain[-1], network, device)))
        if worst_fault(kept[-1])[0] <= 1:
            return kept[-1]
    keyed = [_keyed(images, each, method, alpha) for each in plain]
    return min(*kept, *keyed, key=worst_fault) if kept else keyed[0]


def _found(images: ImageSet, rgb: FloatArray, alpha: str, coverage: FloatArray) -> ImageSet:
    """The images with the alpha that a network found, and without the background in the colours of its soft edge."""
    return images.replace(color=_joined(fused_colors(rgb, coverage), _hardened(coverage, alpha), images["color"]))


def _keyed(images: ImageSet, rgb: FloatArray, method: str, alpha: str) -> ImageSet:
    """The images with the plain background of `rgb` made transparent."""
    key = drop_shadow(find_background(rgb), rgb)
    mask = _without_specks(open_holes(key))
    plate = srgb_from_lab(key.field)
    coverage, colors = soft_edge(rgb, mask, key, plate)
    if method == "matting":
        coverage, colors = _matte(rgb, mask, coverage, colors)
    cut = images.replace(color=_joined(colors, _hardened(coverage, alpha), images["color"]))
    return cut.with_meta(background=_code(np.median(plate[mask], axis=0))) if mask.any() else cut


def _code(color: FloatArray) -> str:
    return "#{:02x}{:02x}{:02x}".format(*np.rint(color * 255).astype(int))


def _hardened(coverage: FloatArray, alpha: str) -> FloatArray:
    return (coverage >= _OPAQUE).astype(np.float32) if alpha == "hard" else coverage


def _joined(rgb: FloatArray, coverage: FloatArray, like: Array) -> Array:
    rgba = np.concatenate([bleed(rgb, coverage), coverage[..., None]], axis=-1)
    if like.dtype == np.float32:
        return rgba
    return to_uint8(rgba) if like.dtype == np.uint8 else to_uint16(rgba)


def _without_specks(background: Mask) -> Mask:
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats((~background).astype(np.uint8), connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < _SPECK * background.size
    return np.asarray(background | (small & (np.arange(count) > 0))[labels])


def _matte(rgb: FloatArray, mask: Mask, coverage: FloatArray, colors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coverage and colours refined along the edge of the key; unchanged where there is no edge."""
    import cv2

    try:
        from pymatting import estimate_alpha_cf, estimate_foreground_ml
    except ImportError as error:
        raise NotInstalledError(
            "cutout with 'method: matting' needs pymatting", cure='pip install "assetgen[matte]"'
        ) from error
    kernel = np.ones((2 * _TRIMAP_WIDTH + 1,) * 2, np.uint8)
    trimap = np.full(mask.shape, 0.5)
    trimap[cv2.erode(mask.astype(np.uint8), kernel) > 0] = 0
    trimap[cv2.erode((~mask).astype(np.uint8), kernel) > 0] = 1
    if not ((trimap == 0).any() and (trimap == 1).any()):
        return coverage, colors
    if min(mask.shape) < 2:  # pymatting fails with a printed warning
        raise InputError("matting needs at least 2 × 2 pixels", cure="Use `method: key`")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            matte = estimate_alpha_cf(rgb.astype(np.float64), trimap)
            front = estimate_foreground_ml(rgb.astype(np.float64), matte)
    except ValueError as error:
        raise InputError("matting has no solution for this image", cure="Use `method: key`") from error
    matte = np.where(matte < FAINT, 0, np.where(matte > SOLID, 1, matte))
    return matte.astype(np.float32), np.clip(front, 0, 1).astype(np.float32)
