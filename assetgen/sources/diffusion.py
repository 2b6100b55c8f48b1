"""Images from a diffusion model, configured by its model card."""

from collections.abc import Iterable, Iterator

from assetgen.diffusion.sampling.request import diffusion_batch_key
from assetgen.images import ImageSet
from assetgen.pack.schema import ImageSize, ModelCard
from assetgen.parts import BatchSource, Context, InputFile, SourceJob, gained, part
from assetgen.sources._arguments import Axes, Detail, Guidance, LoraArgument, Scale, Seed, Steps, Strength


def _sample(jobs: Iterable[SourceJob]) -> Iterator[ImageSet]:
    from assetgen.diffusion.sampling.batches import sample

    return sample(jobs)


@part(version=1, batch=BatchSource(diffusion_batch_key, _sample))
@gained("detail")
def diffusion(
    context: Context,
    *,
    model: ModelCard,
    prompt: str,
    negative: str | None = None,
    seed: Seed = 0,
    size: ImageSize | None = None,
    scale: Scale = (1.0, 1.0),
    steps: Steps | None = None,
    guidance: Guidance | None = None,
    tile: Axes = "",
    image: InputFile | None = None,
    mask: InputFile | None = None,
    strength: Strength = 0.6,
    detail: Detail | None = None,
    loras: tuple[LoraArgument, ...] = (),
) -> ImageSet:
    """Sample an image for the prompt: text-to-image, image-to-image from `image`, or inpainting where `mask` is white.

    `size` is in pixels; the default is `scale` times the model's native size. With `tile` the image is seamless along
    these axes. `strength` is that of diffusers: 1 ignores `image`, near 0 keeps it. `detail` is how much of what the
    autoencoder loses of the initial image is added to the sampled one: 1 keeps its alpha, and thin lines. Other
    defaults come from the model's card. Returns `color`, uint8: RGB or, where the model's autoencoder decodes alpha,
    RGBA with `meta.native_alpha`. `meta.tiles` is `tile`.
    """
    arguments = {name: value for name, value in locals().items() if name != "context"}
    [images] = _sample([SourceJob(context, arguments)])
    return images
