"""Run the stages of a recipe. Any exception of a part becomes one error that names the part."""

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from assetgen.diffusion.sampling.request import on_white
from assetgen.errors import AssetgenError, BuildError
from assetgen.events import Emit, StepRan
from assetgen.images import ImageSet, color_image, to_uint8
from assetgen.pack.recipe import Stage
from assetgen.parts import BatchSource, Control, Files, Part, SourceJob, Verdict


def run_part(part: Part, alias: str, *inputs: Any, **arguments: Any) -> Any:
    """Run a part; steps and checks without the trait `frames` on each frame of a sequence.

    Any exception becomes an `AssetgenError` that names the part.
    """
    try:
        return _run(part, inputs, arguments)
    except AssetgenError as error:
        raise error.at(alias) from error
    except Exception as error:
        raise _broke(part, alias, error) from error


def render_control(
    stage: Stage, device: str = "auto", members: Mapping[str, Callable[[], ImageSet]] | None = None
) -> Control:
    """The control image of a stage, with its strength and range of steps. Detectors run on `device`; `members` return
    the finished images of assets that references name."""
    arguments = dict(stage.arguments)
    conditioning = {key: arguments.pop(key) for key in ("strength", "start", "end")}
    member = arguments.get("member")
    if member is not None:
        if member not in (members or {}):
            raise BuildError(f"the asset '{member}' that it refers to is not made yet", where=stage.alias)
        color = on_white((members or {})[member]().frames[0]["color"])
        return Control(stage.control_kind, color_image(to_uint8(color)), **conditioning)
    inputs = (device,) if stage.part.takes_device else ()
    return Control(stage.control_kind, run_part(stage.part, stage.alias, *inputs, **arguments), **conditioning)


def run_source(part: Part, jobs: Iterator[SourceJob]) -> Iterator[ImageSet]:
    """One image set per job, in order, each as soon as it is sampled."""
    batch = part.traits.batch
    results = batch.run(jobs) if batch else _one_by_one(part, jobs)
    try:
        yield from results
    except AssetgenError as error:
        raise error.at(part.name) from error
    except Exception as error:
        raise _broke(part, part.name, error) from error


def batch_key(part: Part, arguments: Mapping[str, Any], controls: Iterable[Stage]) -> Hashable:
    """Jobs of a part with equal keys can be sampled in one batch."""
    batch: BatchSource | None = part.traits.batch
    if batch is None:
        return part.name
    conditioning = tuple(
        (c.control_kind, c.arguments["strength"], c.arguments["start"], c.arguments["end"]) for c in controls
    )
    return part.name, batch.batch_key(arguments, conditioning)


def run_step(part: Part, alias: str, images: ImageSet, arguments: Mapping[str, Any], device: str = "auto") -> ImageSet:
    """Run a step. One that runs a network runs it on `device`."""
    inputs = (images, device) if part.takes_device else (images,)
    done: ImageSet = run_part(part, alias, *inputs, **arguments)
    return done


def apply_steps(images: ImageSet, steps: Iterable[Stage], asset: str, emit: Emit, device: str = "auto") -> ImageSet:
    """Run the steps on sampled images."""
    for stage in steps:
        started = time.perf_counter()
        images = run_step(stage.part, stage.alias, images, stage.arguments, device)
        emit(StepRan(asset=asset, step=stage.alias, seconds=time.perf_counter() - started))
    return images


def run_checks(images: ImageSet, checks: Iterable[Stage]) -> dict[str, Verdict]:
    """The verdict of each check, by its alias."""
    return {stage.alias: run_part(stage.part, stage.alias, images, **stage.arguments) for stage in checks}


def run_exporter(images: ImageSet, stage: Stage, name: str) -> Files:
    """The files of finished images, by path in the target."""
    files: Files = run_part(stage.part, stage.alias, images, name, **stage.arguments)
    return files


def _run(part: Part, inputs: tuple[Any, ...], arguments: Mapping[str, Any]) -> Any:
    if part.kind not in ("step", "check") or part.traits.frames or inputs[0].meta.frames is None:
        return part.run(*inputs, **arguments)
    images, *others = inputs
    if part.kind == "step":
        return images.each(lambda frame: part.run(frame, *others, **arguments))
    return _worst(part.run(frame, *others, **arguments) for frame in images.frames)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a sequence: that of its first frame that fails, else that of the frame with the highest score."""
    judged = list(enumerate(verdicts))
    number, verdict = min(judged, key=lambda each: (each[1].passed, each[1].passed and -each[1].score))
    return replace(verdict, reason=f"frame {number}: {verdict.reason}")


def _one_by_one(part: Part, jobs: Iterator[SourceJob]) -> Iterator[ImageSet]:
    for job in jobs:
        yield part.run(job.context, **job.arguments)


def _broke(part: Part, alias: str, error: Exception) -> BuildError:
    return BuildError(f"the {part.kind} broke ({type(error).__name__}: {error})", where=alias)
