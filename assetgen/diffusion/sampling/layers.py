"""A picture taken apart into layers: the request of the source `layers`, sampled as all others."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from assetgen.diffusion.families import get_family
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.sampling.request import Request, read_request, with_channels
from assetgen.errors import InputError
from assetgen.images import FloatArray, ImageSet, check_covers, to_float, to_uint8
from assetgen.pack.schema import ImageSize, ModelCard
from assetgen.parts import SourceJob
from assetgen.pixels.image_files import read_image

_SIDE_MULTIPLE = 32
"""Of the sides that the model was trained with, in pixels."""


def sample_layers(job: SourceJob) -> ImageSet:
    """The layers of a picture. Raises `InputError` for a job without one picture, or a model without layers."""
    [images] = sample([job], _read)
    return images


def _read(job: SourceJob) -> Request:
    card: ModelCard = job.arguments["model"]
    if not get_family(card.family).layered:
        what = f"model '{card.model}' does not take pictures apart"
        raise InputError(what, cure="Use one of family `qwen_image_layered`")
    picture = with_channels(_picture(job), 4)
    size = _nearest_size(picture.shape[1] / picture.shape[0], card.native[0] * card.native[1])
    check_covers((picture.shape[1], picture.shape[0]), size)
    own = {"size": size, "tile": "", "image": None, "mask": None, "strength": 1.0, "loras": ()}
    request = read_request(SourceJob(job.context, {**job.arguments, **own}))
    return replace(request, references=(_resized(picture, size),), layers=job.arguments["count"])


def _picture(job: SourceJob) -> FloatArray:
    """The picture of the job: its file, or the colour of its only member."""
    file, members = job.arguments["image"], job.context.members
    if (file is not None) + len(members) != 1:
        raise InputError("layers are those of one picture", cure="Set `image:`, or name one asset as `members:`")
    return to_float(read_image(file.path) if file else next(iter(members.values()))["color"])


def _nearest_size(ratio: float, area: int) -> ImageSize:
    """Width and height of about `area` pixels, as `QwenImageLayeredPipeline` computes them."""
    width = math.sqrt(area * ratio)
    across, down = (max(1, round(side / _SIDE_MULTIPLE)) * _SIDE_MULTIPLE for side in (width, width / ratio))
    return across, down


def _resized(picture: FloatArray, size: ImageSize) -> FloatArray:
    """By the filter of diffusers' pipelines."""
    from PIL import Image

    resized = Image.fromarray(to_uint8(picture)).resize(size, resample=Image.Resampling.LANCZOS)
    return to_float(np.array(resized))
