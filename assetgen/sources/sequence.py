"""The frames of an animation from a diffusion model."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, repeat
from typing import Annotated, Any

from pydantic import Field

from assetgen.diffusion.sampling.request import diffusion_batch_key
from assetgen.errors import InputError
from assetgen.images import Frames, ImageSet, Milliseconds, Tag
from assetgen.images import sequence as stacked
from assetgen.pack.schema import ImageSize, ModelCard
from assetgen.parts import BatchSource, Context, Control, InputFile, SourceJob, adds, part
from assetgen.pixels.sheets import off_sheet
from assetgen.sources._arguments import Guidance, LoraArgument, Scale, Seed, Steps, Strength

_POSE = "openpose"


def _batch_key(arguments: Mapping[str, Any], controls: tuple[tuple[str, float, float, float], ...]) -> Hashable:
    known = tuple(each for each in controls if not _in_words(arguments["model"], each[0]))
    return diffusion_batch_key(_of_one_image(arguments, ""), known)


def _sample(jobs: Iterable[SourceJob]) -> Iterator[ImageSet]:
    """One sequence per job. The pictures of all jobs are sampled in common batches."""
    from assetgen.diffusion.sampling.batches import sample

    joins: list[tuple[int, Callable[[list[ImageSet]], ImageSet]]] = []

    def pictures() -> Iterator[SourceJob]:
        for job in jobs:
            stills, join = _on_one_sheet(job) if _has_sheet(job) else _frame_jobs(job)
            joins.append((len(stills), join))
            yield from stills

    images = sample(pictures())
    for first in images:
        count, join = joins.pop(0)
        yield join([first, *islice(images, count - 1)])


@adds(frames=True)
@part(version=1, batch=BatchSource(_batch_key, _sample))
def sequence(
    context: Context,
    *,
    model: ModelCard,
    prompt: str,
    frames: Annotated[tuple[str, ...], Field(max_length=64)] = (),
    duration: Milliseconds = 100,
    negative: str | None = None,
    seed: Seed = 0,
    size: ImageSize | None = None,
    scale: Scale = (1.0, 1.0),
    steps: Steps | None = None,
    guidance: Guidance | None = None,
    image: InputFile | None = None,
    strength: Strength = 0.6,
    loras: tuple[LoraArgument, ...] = (),
) -> ImageSet:
    """Sample the frames of an animation, all with the same initial noise.

    The frames come from a control that draws one image for each frame, such as `turntable` or `poses`, or from
    `frames`, a list of words for each frame; the words, or those of the control, are added to the prompt. For a model
    that takes reference pictures and has no control network for poses, the words alone describe the poses. A model
    whose card has a `sheet` for the motion draws all frames in one picture instead, and `poses` is not used.
    `duration` is that of a frame in milliseconds, where the control sets none. The other arguments are those of the
    source `diffusion`.

    Example:
        hurt: {preset: walk_cycle, prompt: a knight, sequence: {frames: [standing, bent over, lying]}}
    """
    arguments = {name: value for name, value in locals().items() if name != "context"}
    [images] = _sample([SourceJob(context, arguments)])
    return images


def _has_sheet(job: SourceJob) -> bool:
    """Whether the model draws all frames in one picture: nothing else sets them."""
    drawn = any(each.images.meta.frames for each in job.context.controls)
    return job.arguments["model"].sheet is not None and not (drawn or job.arguments["frames"])


def _on_one_sheet(job: SourceJob) -> tuple[list[SourceJob], Callable[[list[ImageSet]], ImageSet]]:
    """The job of a sheet, and how its frames are cut out."""
    sheet, duration = job.arguments["model"].sheet, job.arguments["duration"]
    picture = SourceJob(job.context, _of_one_image(job.arguments, ""))
    return [picture], lambda made: off_sheet(made[0], sheet.rows, sheet.columns, sheet.names, duration)


def _frame_jobs(job: SourceJob) -> tuple[list[SourceJob], Callable[[list[ImageSet]], ImageSet]]:
    """The job of each frame, and how they become a sequence."""
    arguments, drawn = job.arguments, [each for each in job.context.controls if each.images.meta.frames]
    timing = _timing(arguments["frames"], arguments["duration"], drawn)
    count = len(timing.durations)
    controls = [_stills(each, count) for each in job.context.controls if not _in_words(arguments["model"], each.kind)]
    jobs = []
    for number, words in enumerate(timing.captions or repeat("", count)):
        context = replace(job.context, controls=tuple(stills[number] for stills in controls))
        jobs.append(SourceJob(context, _of_one_image(arguments, words)))
    return jobs, lambda made: stacked(made, replace(timing, captions=()))


def _timing(words: tuple[str, ...], duration: int, drawn: Sequence[Control]) -> Frames:
    """The frames of a job. Raises `InputError` where controls and words differ in number, or where none is given."""
    counts = sorted({*(len(each.images.frames) for each in drawn), *([len(words)] if words else [])})
    if not counts:
        raise InputError("nothing sets the frames", cure="Add a control like `poses`, or write `frames: [WORDS, …]`")
    if len(counts) > 1:
        what = f"its controls and `frames` differ in the number of frames ({' and '.join(map(str, counts))})"
        raise InputError(what, cure="Give all of them the same number")
    timed = next((each.images.meta.frames for each in drawn if each.images.meta.frames), None)
    timing = timed or Frames((duration,) * counts[0], (Tag("default", 0, counts[0] - 1),))
    return replace(timing, captions=words or timing.captions)


def _stills(control: Control, count: int) -> list[Control]:
    """A control for each frame."""
    frames = chain(control.images.frames if control.images.meta.frames else repeat(control.images, count))
    return [replace(control, images=images) for images in frames]


def _in_words(card: ModelCard, kind: str) -> bool:
    """Whether the words of a control replace its images: poses, for a model that takes references instead."""
    return kind == _POSE and kind not in card.controls and card.references > 0


def _of_one_image(arguments: Mapping[str, Any], words: str) -> dict[str, Any]:
    """The arguments of the source `diffusion` for a frame that these words describe."""
    own = {key: value for key, value in arguments.items() if key not in ("frames", "duration")}
    prompt = ", ".join(filter(None, (arguments["prompt"], words)))
    return {**own, "prompt": prompt, "tile": "", "mask": None}
