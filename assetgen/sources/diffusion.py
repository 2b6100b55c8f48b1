"""Pictures by a diffusion model, as its model card says."""

from collections.abc import Iterable, Iterator

from assetgen.diffusion.sampling.request import batch_key
from assetgen.images import ImageSet
from assetgen.pack.schema import ImageSize, ModelCard
from assetgen.parts import BatchSource, Context, InputFile, SourceJob, part
from assetgen.sources._words import Axes, Guidance, LoraWord, Scale, Seed, Steps, Strength


def _together(jobs: Iterable[SourceJob]) -> Iterator[ImageSet]:
    from assetgen.diffusion.sampling.batches import sample

    return sample(jobs)


@part(version=1, batch=BatchSource(batch_key, _together))
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
    loras: tuple[LoraWord, ...] = (),
) -> ImageSet:
    """Draw what the prompt says: from noise, from `image`, or into the white of a `mask` over `image`.

    `size` is in pixels; without it, `scale` times the model's native size. With `tile` the picture wraps along these
    axes. `strength` is how far an image is repainted: 1 wholly, near 0 hardly. What is left out comes from the model's
    card. Gives `color`, RGB uint8; `meta["tiles"]` is `tile`.
    """
    words = {key: value for key, value in locals().items() if key != "context"}
    [made] = _together([SourceJob(context, words)])
    return made
