"""Benchmark of a pack against a plain diffusers loop in the same run, and the fraction of the device's peak FLOP/s."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.build.stages import render_control, run_source
from assetgen.errors import BuildError, InputError
from assetgen.events import Drawn, Event, Failed, StepRan, ignore
from assetgen.images import Array
from assetgen.machine import Machine
from assetgen.pack.library import Library, PackFile
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import ModelCard, Pack
from assetgen.pack.yaml_files import Document, validate
from assetgen.parts import Context, Control, SourceJob
from assetgen.store.store import Store

_SUBJECTS = (
    "a stone keep",
    "a wooden crate",
    "a red dragon",
    "a mossy wall",
    "a golden crown",
    "a dark forest",
    "a ship",
)
_POINTS = 12
"""Points along each side of the mesh whose depth is the control."""
_SINGLE_RUNS = 5
"""Runs of one image by itself; the fastest counts, since the first ones select kernels and capture graphs."""
_COMPILE_AHEAD = 10**9
"""Number of images announced, so that the model is compiled."""
_FEW_STEPS = 2
"""FLOP are counted for 1 step and for this many; further steps are extrapolated linearly."""


@dataclass(frozen=True)
class Trial:
    """What to measure. `size` None is the model's native size, `steps` None are the card's.

    The plain loop makes at most `plain_images`; each takes the same time. `compiled` compiles the networks before the
    measurement; only on GPUs.
    """

    model: str
    images: int = 16
    steps: int | None = None
    size: tuple[int, int] | None = None
    preset: str = "painted_concept"
    depth: bool = False
    plain_images: int = 16
    compiled: bool = False


@dataclass(frozen=True)
class BenchmarkResult:
    """Measurements of one trial.

    `seconds` is the wall time of the pack without `loading` and `compiling`; `sampling` the time in the networks;
    `finishing` the time of steps in background threads; `alone` the time of one image by itself. `peak` is the peak
    device memory in bytes, or the peak memory of the process for devices without their own. `operations` are the FLOP
    of one image, `limit` the device's FLOP/s.
    """

    model: str
    device: str
    size: tuple[int, int]
    steps: int
    images: int
    batch: int
    loading: float
    compiling: float
    alone: float
    seconds: float
    sampling: float
    finishing: float
    plain_seconds: float
    peak: int
    plain_peak: int
    operations: int
    limit: float
    versions: dict[str, str]

    @property
    def rate(self) -> float:
        """Images per second of the pack."""
        return self.images / self.seconds

    @property
    def plain_rate(self) -> float:
        """Images per second of the plain loop."""
        return self.images / self.plain_seconds

    @property
    def share(self) -> float:
        """The fraction of the device's FLOP/s that the pack reaches."""
        return self.rate * self.operations / self.limit

    @property
    def plain_share(self) -> float:
        """The fraction of the device's FLOP/s that the plain loop reaches."""
        return self.plain_rate * self.operations / self.limit

    def as_dict(self) -> dict[str, Any]:
        """All measurements and the figures derived from them, for JSON."""
        derived = {name: getattr(self, name) for name in ("rate", "plain_rate", "share", "plain_share")}
        return {**asdict(self), **derived, "ratio": self.plain_seconds / self.seconds}


def run_benchmark(trial: Trial, library: Library) -> BenchmarkResult:
    """Load the model, time the plain loop and one image by itself, count FLOP, warm up, build a pack from nothing.

    Raises `InputError`, `NotInstalledError` or `BuildError` where the model cannot sample (or compile) here.
    """
    from assetgen.diffusion.speed.baseline import peak_flops, plain_diffusers, reset_peak_memory
    from assetgen.diffusion.speed.devices import device_for

    with _pack(trial, library) as (file, folder):
        recipes = resolve_pack(file)
        card = recipes[0].source.arguments["model"]
        device = device_for(card)
        if trial.compiled and device.name != "cuda":
            raise InputError(f"models are not compiled on {device.name}", cure="Leave --compiled out")
        started = time.perf_counter()
        _sample(recipes[: device.batch], {"steps": 1})
        loading = time.perf_counter() - started
        options, control = _options(recipes[0])
        reset_peak_memory(device)
        prompts = [str(recipe.source.arguments["prompt"]) for recipe in recipes[: trial.plain_images]]
        plain_seconds = plain_diffusers(card, prompts, options, folder, control) * len(recipes) / len(prompts)
        plain_peak = device.memory or _peak_process_memory()
        alone = min(_timed(lambda: _sample(recipes[:1], {})) for _ in range(_SINGLE_RUNS))
        count = _flops(card, recipes[:1], options["steps"])
        compiling = _warm(card, recipes[: device.batch], trial.compiled)
        reset_peak_memory(device)
        seconds, drawn, finishing = _build(file, folder)
        peak = device.memory or _peak_process_memory()
        return BenchmarkResult(
            model=trial.model,
            device=drawn[0].device,
            size=options["size"],
            steps=options["steps"],
            images=len(recipes),
            batch=device.batch,
            loading=loading,
            compiling=compiling,
            alone=alone,
            seconds=seconds,
            sampling=sum(event.seconds for event in drawn),
            finishing=finishing,
            plain_seconds=plain_seconds,
            peak=peak,
            plain_peak=plain_peak,
            operations=count,
            limit=peak_flops(device),
            versions=_versions(),
        )


@contextmanager
def _pack(trial: Trial, library: Library) -> Iterator[tuple[PackFile, Path]]:
    """A pack of distinct prompts in a temporary folder. All images begin with noise, as those of the plain loop do."""
    with tempfile.TemporaryDirectory(prefix="assetgen-bench-") as name:
        folder = Path(name)
        options = {"steps": trial.steps, "size": trial.size}
        entry: dict[str, Any] = {
            "preset": trial.preset,
            "model": trial.model,
            "tries": 1,
            "on_fail": "best",
            "start": False,
        }
        entry["diffusion"] = {key: value for key, value in options.items() if value is not None}
        if trial.depth:
            entry["depth"] = {"mesh": str(_write_mesh(folder))}
        prompts = [f"{_SUBJECTS[n % len(_SUBJECTS)]}, number {n}" for n in range(trial.images)]
        assets = {f"image_{n:04}": {**entry, "prompt": prompt} for n, prompt in enumerate(prompts)}
        document = Document("bench", {"pack": "bench", "engine": "plain", "assets": assets})
        yield PackFile(validate(document, Pack), document, folder, library), folder


def _write_mesh(folder: Path) -> Path:
    """A bumpy ground with a depth at every pixel."""
    import numpy as np

    heights = np.random.default_rng(0).random((_POINTS, _POINTS))
    points = [f"v {x} {heights[y, x] * 2:.3f} {y}" for y in range(_POINTS) for x in range(_POINTS)]
    corner = [y * _POINTS + x + 1 for y in range(_POINTS - 1) for x in range(_POINTS - 1)]
    faces = [f"f {a} {a + _POINTS} {a + _POINTS + 1} {a + 1}" for a in corner]
    file = folder / "ground.obj"
    file.write_text("\n".join(points + faces))
    return file


def _build(file: PackFile, folder: Path) -> tuple[float, list[Drawn], float]:
    """Build the pack: wall seconds, sampled images, seconds of steps. Raises `BuildError` if an asset failed."""
    events: list[Event] = []
    machine = Machine(Store(folder / "store"), folder)
    started = time.perf_counter()
    build_pack(Project(file, folder / "game"), machine, BuildOptions(once=True), events.append)
    seconds = time.perf_counter() - started
    for event in events:
        if isinstance(event, Failed):
            raise BuildError(event.reason)
    drawn = [event for event in events if isinstance(event, Drawn)]
    return seconds, drawn, sum(event.seconds for event in events if isinstance(event, StepRan))


def _warm(card: ModelCard, recipes: Sequence[Recipe], compiled: bool) -> float:
    """Warm up with full batches; returns the seconds that compiling took."""
    from assetgen.diffusion.loading.models import warm_model

    _sample(recipes, {})
    if not compiled:
        return 0.0
    first, second = (_timed(lambda: _sample(recipes, {}, _COMPILE_AHEAD)) for _ in range(2))
    if not warm_model(card, card.loras, (), ignore).compiler.compiled:
        raise BuildError(f"model '{card.model}' could not be compiled here", cure="Leave --compiled out")
    return max(0.0, first - second)


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _sample(recipes: Sequence[Recipe], options: dict[str, Any], ahead: int = 1) -> None:
    jobs = (_job(recipe, options, ahead) for recipe in recipes)
    list(run_source(recipes[0].source.part, jobs))


def _job(recipe: Recipe, options: dict[str, Any], ahead: int = 1) -> SourceJob:
    controls: tuple[Control, ...] = tuple(render_control(stage) for stage in recipe.controls)
    return SourceJob(Context(recipe.name, controls=controls, remaining=ahead), {**recipe.source.arguments, **options})


def _options(recipe: Recipe) -> tuple[dict[str, Any], tuple[str, Array] | None]:
    """The resolved steps, guidance and size of a recipe, and its control image."""
    from assetgen.diffusion.sampling.request import read_request

    request = read_request(_job(recipe, {}))
    control = next(((each.kind, each.images["color"]) for each in request.controls), None)
    return {"steps": request.steps, "guidance": request.guidance_scale, "size": request.size}, control


def _flops(card: ModelCard, recipes: Sequence[Recipe], steps: int) -> int:
    """FLOP of one image, extrapolated from runs of one and of few steps."""
    from assetgen.diffusion.loading.models import warm_model
    from assetgen.diffusion.speed.baseline import count_flops

    with warm_model(card, card.loras, (), ignore).cuda_graphs.disabled():
        one, few = (count_flops(partial(_sample, recipes, {"steps": count})) for count in (1, _FEW_STEPS))
    each = (few - one) / (_FEW_STEPS - 1)
    return round(one + each * (steps - 1))


def _peak_process_memory() -> int:
    """Peak resident memory of this process in bytes; 0 on systems that do not report it."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("assetgen", "torch", "diffusers", "transformers")}
