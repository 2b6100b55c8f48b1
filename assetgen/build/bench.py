"""How fast packs are made here, beside plain diffusers in the same run, and how near that is to the device's limit."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assetgen.build.run import BuildOptions, Machine, build_pack
from assetgen.build.stages import render_control, run_source
from assetgen.errors import BuildError, InputError
from assetgen.events import Drawn, Event, Failed, StepRan, ignore
from assetgen.images import Array
from assetgen.pack.library import Library, PackFile
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import ModelCard, Pack
from assetgen.pack.yaml_files import Document, validate
from assetgen.parts import Context, Control, SourceJob
from assetgen.store.store import Store

THINGS = ("a stone keep", "a wooden crate", "a red dragon", "a mossy wall", "a golden crown", "a dark forest", "a ship")
SIDE = 12
"""Points along a side of the ground whose depth conditions."""
ALONE = 5
"""Times that a picture is drawn by itself: the best counts, since the first ones record and choose kernels."""
FOREVER = 10**9
"""Pictures that are said to be ahead, so that compiling pays."""
FEW = 2
"""Steps of the second of two pictures whose operations are counted: the rest is a straight line through both."""


@dataclass(frozen=True)
class Trial:
    """What to measure. `size` None is the model's native one, `steps` None are the card's.

    The plain loop, of which each picture takes the same time, draws `plain_images` of them at most. `compiled` measures
    networks compiled beforehand, as in packs of thousands; only on GPUs.
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
class Result:
    """What came out. `seconds` are those of the pack by the clock, without `loading` and `compiling`; `sampling` those
    in the networks; `finishing` those of steps in other threads, beside it; `alone` those of one picture asked for by
    itself. `peak` is bytes of the device's memory, or of this process (since it began) where it has none of its own.
    `operations` are those of one picture, `limit` the most a second.
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
        """Images a second of the pack."""
        return self.images / self.seconds

    @property
    def plain_rate(self) -> float:
        """Images a second of the plain loop."""
        return self.images / self.plain_seconds

    @property
    def share(self) -> float:
        """The share of the device's limit that the pack reaches."""
        return self.rate * self.operations / self.limit

    @property
    def plain_share(self) -> float:
        """The share of the device's limit that the plain loop reaches."""
        return self.plain_rate * self.operations / self.limit

    def as_dict(self) -> dict[str, Any]:
        """All of it, derived figures too."""
        derived = {name: getattr(self, name) for name in ("rate", "plain_rate", "share", "plain_share")}
        return {**asdict(self), **derived, "ratio": self.plain_seconds / self.seconds}


def measure(trial: Trial, library: Library) -> Result:
    """Load, draw by plain diffusers, draw one picture by itself, count its operations, warm up, build a fresh pack.

    Raises what keeps the model from drawing: weights that are not here, a size that it cannot draw, no way to compile.
    """
    from assetgen.diffusion.speed.baseline import forget_peak, limit, plain_diffusers
    from assetgen.diffusion.speed.devices import device_for

    with _pack(trial, library) as (file, folder):
        recipes = resolve_pack(file)
        card = recipes[0].source.arguments["model"]
        device = device_for(card)
        if trial.compiled and device.name != "cuda":
            raise InputError(f"models are not compiled on {device.name}", cure="Leave --compiled out")
        started = time.perf_counter()
        _draw(recipes[: device.batch], {"steps": 1})
        loading = time.perf_counter() - started
        words, control = _words(recipes[0])
        forget_peak(device)
        prompts = [str(recipe.source.arguments["prompt"]) for recipe in recipes[: trial.plain_images]]
        plain_seconds = plain_diffusers(card, prompts, words, folder, control) * len(recipes) / len(prompts)
        plain_peak = device.memory or _resident()
        alone = min(_timed(lambda: _draw(recipes[:1], {})) for _ in range(ALONE))
        count = _operations(card, recipes[:1], words["steps"])
        compiling = _warm(card, recipes[: device.batch], trial.compiled)
        forget_peak(device)
        seconds, drawn, finishing = _build(file, folder)
        peak = device.memory or _resident()
        return Result(
            model=trial.model,
            device=drawn[0].device,
            size=words["size"],
            steps=words["steps"],
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
            limit=limit(device),
            versions=_versions(),
        )


@contextmanager
def _pack(trial: Trial, library: Library) -> Iterator[tuple[PackFile, Path]]:
    """A pack of distinct prompts, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="assetgen-bench-") as name:
        folder = Path(name)
        words = {"steps": trial.steps, "size": trial.size}
        entry: dict[str, Any] = {"preset": trial.preset, "model": trial.model, "tries": 1}
        entry["diffusion"] = {key: value for key, value in words.items() if value is not None}
        if trial.depth:
            entry["depth"] = {"mesh": str(_write_mesh(folder))}
        things = [f"{THINGS[n % len(THINGS)]}, number {n}" for n in range(trial.images)]
        assets = {f"image_{n:04}": {**entry, "prompt": thing} for n, thing in enumerate(things)}
        document = Document("bench", {"pack": "bench", "engine": "plain", "assets": assets})
        yield PackFile(validate(document, Pack), document, folder, library), folder


def _write_mesh(folder: Path) -> Path:
    """A bumpy ground: real depth on every pixel."""
    import numpy as np

    heights = np.random.default_rng(0).random((SIDE, SIDE))
    points = [f"v {x} {heights[y, x] * 2:.3f} {y}" for y in range(SIDE) for x in range(SIDE)]
    corner = [y * SIDE + x + 1 for y in range(SIDE - 1) for x in range(SIDE - 1)]
    faces = [f"f {a} {a + SIDE} {a + SIDE + 1} {a + 1}" for a in corner]
    place = folder / "ground.obj"
    place.write_text("\n".join(points + faces))
    return place


def _build(file: PackFile, folder: Path) -> tuple[float, list[Drawn], float]:
    """Build it as every door does: seconds, what was drawn, seconds of steps. A picture that failed is a `BuildError`:
    what was not made takes no time."""
    events: list[Event] = []
    machine = Machine(Store(folder / "store"), folder / "locks", folder / "history.json")
    started = time.perf_counter()
    build_pack(file, folder / "game", machine, events.append, BuildOptions(once=True))
    seconds = time.perf_counter() - started
    for event in events:
        if isinstance(event, Failed):
            raise BuildError(event.reason)
    drawn = [event for event in events if isinstance(event, Drawn)]
    return seconds, drawn, sum(event.seconds for event in events if isinstance(event, StepRan))


def _warm(card: ModelCard, recipes: Sequence[Recipe], compiled: bool) -> float:
    """Draw whole batches until nothing is done for the first time; gives the seconds that compiling took."""
    from assetgen.diffusion.loading.models import warm_model

    _draw(recipes, {})
    if not compiled:
        return 0.0
    first, second = (_timed(lambda: _draw(recipes, {}, FOREVER)) for _ in range(2))
    if not warm_model(card, card.loras, (), ignore).compiler.compiled:
        raise BuildError(f"model '{card.model}' could not be compiled here", cure="Leave --compiled out")
    return max(0.0, first - second)


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _draw(recipes: Sequence[Recipe], words: dict[str, Any], ahead: int = 1) -> None:
    jobs = (_job(recipe, words, ahead) for recipe in recipes)
    list(run_source(recipes[0].source.part, jobs))


def _job(recipe: Recipe, words: dict[str, Any], ahead: int = 1) -> SourceJob:
    controls: tuple[Control, ...] = tuple(render_control(stage) for stage in recipe.controls)
    return SourceJob(Context(recipe.name, controls=controls, ahead=ahead), {**recipe.source.arguments, **words})


def _words(recipe: Recipe) -> tuple[dict[str, Any], tuple[str, Array] | None]:
    """Steps, guidance and size as they are settled, and the control picture."""
    from assetgen.diffusion.sampling.request import read_request

    request = read_request(_job(recipe, {}))
    control = next(((each.kind, each.images["color"]) for each in request.controls), None)
    return {"steps": request.steps, "guidance": request.guidance, "size": request.size}, control


def _operations(card: ModelCard, recipes: Sequence[Recipe], steps: int) -> int:
    """Operations of one picture: those of one step and of a few, drawn out to all steps."""
    from assetgen.diffusion.loading.models import warm_model
    from assetgen.diffusion.speed.baseline import operations

    with warm_model(card, card.loras, (), ignore).recordings.paused():
        one, few = (operations(partial(_draw, recipes, {"steps": count})) for count in (1, FEW))
    each = (few - one) / (FEW - 1)
    return round(one + each * (steps - 1))


def _resident() -> int:
    """The most memory this process ever had; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("assetgen", "torch", "diffusers", "transformers")}
