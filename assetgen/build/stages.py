"""Running the stages of a recipe: whatever a part raises comes out as one error that names it."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assetgen.errors import AssetgenError, BuildError
from assetgen.events import Emit, StepRan
from assetgen.images import ImageSet
from assetgen.pack.recipe import Stage
from assetgen.parts import BatchSource, Control, Files, Part, SourceJob, Verdict


def run_part(part: Part, alias: str, *given: Any, **words: Any) -> Any:
    """Run a part. Whatever it raises becomes an `AssetgenError` that names it."""
    try:
        return part.run(*given, **words)
    except AssetgenError as error:
        raise error.at(alias) from error
    except Exception as error:
        raise _broke(part, alias, error) from error


def render_control(stage: Stage, device: str = "auto") -> Control:
    """The control image of a stage, with the words that say how it acts. Detectors run on this device."""
    words = dict(stage.arguments)
    acts = {key: words.pop(key) for key in ("strength", "start", "end")}
    given = (device,) if stage.part.traits.detector else ()
    return Control(stage.control_kind, run_part(stage.part, stage.alias, *given, **words), **acts)


def run_source(part: Part, jobs: Iterator[SourceJob]) -> Iterator[ImageSet]:
    """One image set a job, in order, as they come."""
    batch = part.traits.batch
    results = batch.run(jobs) if batch else _one_by_one(part, jobs)
    try:
        yield from results
    except AssetgenError as error:
        raise error.at(part.name) from error
    except Exception as error:
        raise _broke(part, part.name, error) from error


def batch_key(part: Part, words: Mapping[str, Any], controls: Iterable[Stage]) -> Any:
    """A key: jobs of this part with equal ones may be sampled together."""
    batch: BatchSource | None = part.traits.batch
    if batch is None:
        return part.name
    acts = tuple((c.control_kind, c.arguments["strength"], c.arguments["start"], c.arguments["end"]) for c in controls)
    return part.name, batch.batch_key(words, acts)


def apply_steps(images: ImageSet, steps: Iterable[Stage], asset: str, emit: Emit) -> ImageSet:
    """Sampled images through steps."""
    for stage in steps:
        started = time.perf_counter()
        images = run_part(stage.part, stage.alias, images, **stage.arguments)
        emit(StepRan(asset=asset, step=stage.alias, seconds=time.perf_counter() - started))
    return images


def run_checks(images: ImageSet, checks: Iterable[Stage]) -> dict[str, Verdict]:
    """Every check's verdict, by the check's name."""
    return {stage.alias: run_part(stage.part, stage.alias, images, **stage.arguments) for stage in checks}


def run_exporter(images: ImageSet, stage: Stage, name: str) -> Files:
    """Finished images as files."""
    files: Files = run_part(stage.part, stage.alias, images, name, **stage.arguments)
    return files


def _one_by_one(part: Part, jobs: Iterator[SourceJob]) -> Iterator[ImageSet]:
    for job in jobs:
        yield part.run(job.context, **job.arguments)


def _broke(part: Part, alias: str, error: Exception) -> BuildError:
    return BuildError(f"the {part.kind} broke ({type(error).__name__}: {error})", where=alias)
