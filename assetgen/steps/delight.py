"""Remove light and shadow from the colour of a material."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.images import FloatArray, ImageSet
from assetgen.parts import part
from assetgen.pixels.color import oklab_from_srgb, srgb_from_oklab
from assetgen.steps._models import Model, estimated_maps
from assetgen.steps._shading import albedo_among, given_albedo, mixed_colors, without_broad_shading
from assetgen.steps._wrap import gaussian_blurs

_Share = Annotated[float, Field(ge=0, le=1)]
_HOLLOWS = 1 / 64  # of the side: width of the areas that lie in each other's shadow


@part(version=1)
def delight(
    images: ImageSet,
    device: str = "auto",
    *,
    model: Model | None = None,
    amount: _Share = 1.0,
    hollows: _Share = 0.25,
) -> ImageSet:
    """Remove shading from `color`, for a material that a game lights itself. The mean luminance stays, and so do tiles.

    - `model`: an estimator of albedo, `marigold_lighting` or `marigold_appearance`. Without one, broad shading is
      divided out in linear light: falloff to one side, vignettes, soft shadows.
    - `amount`: 0 to 1, how much of it is removed.
    - `hollows`: without a model, 0 to 1, how much dark fine detail is lightened, and half as much light detail
      darkened. More removes more of the shadows in hollows, and of dark patterns.

    Example:
        - delight: {hollows: 0.4}
    """
    if model is not None:
        found = given_albedo(images, albedo_among(estimated_maps((model,), images, device), model.model))
    else:
        found = _evened(without_broad_shading(images), hollows, images.meta.tiles or "")
    return images.replace(color=mixed_colors(images, found, amount))


def _evened(color: FloatArray, hollows: float, tiles: str) -> FloatArray:
    """sRGB with less fine contrast of lightness."""
    lab = oklab_from_srgb(color)
    detail = lab[..., 0] - next(gaussian_blurs(lab[..., 0], [_HOLLOWS * min(color.shape[:2])], tiles))
    lab[..., 0] -= hollows * np.where(detail < 0, detail, detail / 2)
    return srgb_from_oklab(lab)
