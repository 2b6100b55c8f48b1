"""A picture taken apart into layers with alpha."""

from typing import Annotated

from pydantic import Field

from assetgen.images import ImageSet
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, InputFile, SourceJob, part
from assetgen.sources._arguments import Guidance, Seed, Steps


@part(version=1, members=True)
def layers(
    context: Context,
    *,
    model: ModelCard,
    prompt: str,
    negative: str | None = None,
    seed: Seed = 0,
    image: InputFile | None = None,
    count: Annotated[int, Field(ge=1, le=8)] = 4,
    steps: Steps | None = None,
    guidance: Guidance | None = None,
) -> ImageSet:
    """Take a picture apart into `count` layers, for parallax scrolling, separate props or UI parts.

    The picture is the file `image`, or another asset of the pack as the only one of `members`; `prompt` describes all
    of it. Returns the channels `layer0` (the back), `layer1`, … as RGBA uint8, and their composition as `color`, of
    about the model's native number of pixels in the picture's proportions. Exporters write `NAME_layer0.png`, …

    Example:
        forest_layers: {preset: parallax, prompt: a forest at dusk, members: [forest], layers: {count: 3}}
    """
    from assetgen.diffusion.sampling.layers import sample_layers

    arguments = {name: value for name, value in locals().items() if name not in ("context", "sample_layers")}
    return sample_layers(SourceJob(context, arguments))
