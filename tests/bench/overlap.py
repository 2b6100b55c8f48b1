"""Measure whether a build keeps up with its device, with a simulated GPU and everything else of a real build.

    python tests/bench/overlap.py [PRESET] [SIDE] [SECONDS] [ASSETS] [LAUNCHES]
    python tests/bench/overlap.py steps

The simulated GPU takes SECONDS per image, in batches. Its thread launches asynchronous work, LAUNCHES per step, as
that of a real GPU does: while the GIL keeps it from launching, the device idles. Prints the rates of device and pack,
their ratio, and where the time of that thread went. `steps` prints for some presets what each step costs on one asset,
and how much of the GIL it leaves to another thread.
"""

import itertools
import sys
import tempfile
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from assetgen.build.options import BuildOptions
from assetgen.build.provenance import stamp
from assetgen.build.run import build_pack
from assetgen.build.stages import apply_steps, run_exporter, run_part, run_source
from assetgen.events import Emit, Event, Failed, Finished, Planned, Sampling, ignore
from assetgen.images import Array, ImageSet, color_image
from assetgen.machine import Machine
from assetgen.pack.library import load_pack
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.parts import BatchSource, Context, SourceJob, part
from assetgen.pixels.fingerprint import fingerprints_of
from assetgen.sources.fake import fake
from assetgen.store.store import Store, files_from, images_from, pack_entry, unpack_entry

BATCH, STEPS, DISTINCT = 8, 20, 4
LAUNCH = bytes(16_000)  # its checksum takes as long as a launch, and releases the GIL like one
LOOK = 0.7  # seconds for which each step is repeated
FREE = bytes(50_000_000)  # its checksum releases the GIL
PRESETS = ("painted_concept", "pbr_material", "pixel_sprite")
spent = defaultdict[str, float](float)
"""Seconds of the sampling thread, by activity."""


@cache
def drawn(side: int, number: int, sprite: bool) -> Array:
    """A tileable image with the detail of a photograph, or an object with that texture on white."""
    chance = np.random.default_rng(number)
    far = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None]) + 1 / side
    waves = np.fft.fft2(chance.standard_normal((3, side, side))) / far**1.2
    field = np.fft.ifft2(waves).real
    rgb = np.clip(128 + 45 * field / field.std(), 0, 255).transpose(1, 2, 0)
    if sprite:
        y, x = np.mgrid[:side, :side] / side - 0.5
        rgb[np.hypot(x, y) > 0.3 + 0.08 * np.sin(5 * np.arctan2(y, x) + number)] = 250
    pixels: Array = rgb.astype(np.uint8)
    return pixels


def batches(jobs: Iterable[SourceJob]) -> Iterator[ImageSet]:
    """Simulate a GPU as its launching thread sees it: launches run ahead; a batch ends when the device is done, too."""
    jobs = iter(jobs)
    while True:
        with taken("reading jobs"):
            batch = list(itertools.islice(jobs, BATCH))
        if not batch:
            return
        words = batch[0].arguments
        each = words["seconds"] * BATCH / STEPS / words["launches"]
        started = ends = time.perf_counter()
        for done in range(1, STEPS + 1):
            for _ in range(words["launches"]):
                zlib.crc32(LAUNCH)
                ends = max(ends, time.perf_counter()) + each
            with taken("telling"):
                batch[0].context.emit(Sampling(done=done, total=STEPS, batch=tuple(job.context.asset for job in batch)))
        time.sleep(max(0.0, ends - time.perf_counter()))
        spent["device"] += words["seconds"] * BATCH
        spent["device idle amid a batch"] += time.perf_counter() - started - words["seconds"] * BATCH
        for _ in batch:
            made = drawn(words["side"], words["seed"] % DISTINCT, words["sprite"])
            with taken("away between pictures"):
                yield color_image(made, tiles="" if words["sprite"] else "xy")


@part(version=1, batch=BatchSource(lambda words, controls: (words["side"], words["sprite"]), batches))
def stand_in(
    context: Context,
    *,
    prompt: str = "",
    seed: int = 0,
    side: int = 512,
    seconds: float = 0.1,
    launches: int = 1,
    sprite: bool = False,
    tile: str = "",
) -> ImageSet:
    """One image of the simulated GPU, without a batch."""
    return fake(context, prompt=prompt, seed=seed, size=(side, side))


@contextmanager
def taken(what: str) -> Iterator[None]:
    """Add the seconds of a block to those of its kind."""
    began = time.perf_counter()
    try:
        yield
    finally:
        spent[what] += time.perf_counter() - began


def install(folder: Path) -> None:
    """Register the simulated GPU as a source, as an installed package would."""
    dist_info = folder / "overlap-1.dist-info"
    dist_info.mkdir()
    (dist_info / "METADATA").write_text("Metadata-Version: 2.1\nName: overlap\nVersion: 1\n")
    (dist_info / "entry_points.txt").write_text("[assetgen.sources]\nstand_in = overlap:stand_in\n")
    sys.path.insert(0, str(folder))
    sys.modules["overlap"] = sys.modules["__main__"]


def write(folder: Path, preset: str, side: int, seconds: float, assets: int, launches: int) -> Path:
    """Write a pack of distinct images of the simulated GPU."""
    words = f"side: {side}, seconds: {seconds}, launches: {launches}, sprite: {'sprite' in preset}"
    own = f"preset: on_device\nextends: {preset}\nsource: {{stand_in: {{prompt: '{{prompt}}', {words}}}}}\n"
    pack_folder = folder / f"{preset}_{side}"
    pack_folder.mkdir()
    (pack_folder / "on_device.yaml").write_text(own)
    names = "".join(f"  a{n:04}: {{preset: on_device, prompt: thing {n}}}\n" for n in range(assets))
    (pack_folder / "pack.yaml").write_text(f"pack: p\nengine: plain\nassets:\n{names}")
    return pack_folder


def build(pack_folder: Path, emit: Emit) -> Finished:
    """Build the pack with an empty store."""
    machine = Machine(Store(pack_folder / "store"), pack_folder)
    return build_pack(Project.load(pack_folder, pack_folder / "game"), machine, BuildOptions(), emit)


def measure(folder: Path, preset: str, side: int, seconds: float, assets: int, launches: int) -> None:
    """Build one pack and print the rates."""
    for sprite in (False, True):
        for number in range(DISTINCT):
            drawn(side, number, sprite)
    build(write(folder, PRESETS[0], 32, 0.001, BATCH, 1), ignore)
    pack_folder = write(folder, preset, side, seconds, assets, launches)
    recipe = resolve_pack(load_pack(pack_folder))[0]
    started = time.perf_counter()
    alone = list(
        run_source(recipe.source.part, (SourceJob(Context(), dict(recipe.source.arguments)) for _ in range(2 * BATCH)))
    )
    rate = len(alone) / (time.perf_counter() - started)
    spent.clear()
    begun: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, Planned):
            begun.append(time.perf_counter())
        if isinstance(event, Failed):
            print(event.reason)

    done = build(pack_folder, note)
    taking = time.perf_counter() - begun[0]
    telling = spent.pop("telling")
    sampling = sum(spent.values())
    print(f"{assets} × {preset} at {side}², {launches} launches per step: device alone {rate:.2f} images/s,")
    print(f"  pack {assets / taking:.2f} assets/s, {assets / taking / rate:.1%} of it; {done.published} published;")
    print(f"  until the last image was sampled {assets / sampling / rate:.1%}")
    spent.update({"after the last batch": taking - sampling, "telling (beside the device)": telling})
    print("  sampling thread, s: " + ", ".join(f"{what} {seconds:.2f}" for what, seconds in spent.items()))
    print(f"  all threads, s: {done.profile}", flush=True)


def steps(folder: Path) -> None:
    """Print what each step of one asset costs."""
    for preset, side in itertools.product(PRESETS, (512, 1024)):
        [recipe] = resolve_pack(load_pack(write(folder, preset, side, 0.1, 1, 1)))
        print(f"\n{preset} at {side}²: ms elapsed, ms of CPU, share of the GIL left")
        images = color_image(drawn(side, 0, "sprite" in preset), tiles="" if "sprite" in preset else "xy")
        alone = free_share(partial(zlib.crc32, FREE))[2]
        for what, took, busy, share in _each(recipe, images, lambda what, work: (what, *free_share(work))):
            print(f"  {what:26} {took * 1000:7.1f} {busy * 1000:7.1f}  {min(1.0, share / alone):5.0%}")


def _each(recipe: Recipe, images: ImageSet, run: Callable[[str, Callable[[], Any]], Any]) -> Iterator[Any]:
    files = files_from(images)
    yield run("save sampled: PNG", partial(files_from, images))
    yield run("save sampled: zip, sha256", partial(pack_entry, files))
    yield run("read sampled", lambda: images_from(unpack_entry(pack_entry(files)) or {}))
    for stage in recipe.steps:
        yield run(f"step {stage.alias}", partial(apply_steps, images, [stage], "a", ignore))
        images = apply_steps(images, [stage], "a", ignore)
    for stage in recipe.checks:
        yield run(f"check {stage.alias}", partial(run_part, stage.part, stage.alias, images, **stage.arguments))
    yield run("save finished: PNG", partial(files_from, images))
    yield run("export", partial(run_exporter, images, recipe.export, "a"))
    made = run_exporter(images, recipe.export, "a")
    yield run("stamp", partial(stamp, made, recipe, 0))
    yield run("looks", partial(fingerprints_of, made))
    yield run("save files: zip, sha256", partial(pack_entry, made))


def free_share(work: Callable[[], Any]) -> tuple[float, float, float]:
    """Elapsed and CPU seconds of the work, and how often per second another thread got the GIL."""
    turns, over = 0, threading.Event()

    def count() -> None:
        nonlocal turns
        while not over.is_set():
            turns += 1
            zlib.crc32(LAUNCH)

    beside = threading.Thread(target=count)
    beside.start()
    began, busy, times = time.perf_counter(), time.thread_time(), 0
    while time.perf_counter() - began < LOOK:
        work()
        times += 1
    took, busy = time.perf_counter() - began, time.thread_time() - busy
    over.set()
    beside.join()
    return took / times, busy / times, turns / took


def main(
    preset: str = "painted_concept", side: str = "512", each: str = "0.4", count: str = "48", launches: str = "1"
) -> None:
    with tempfile.TemporaryDirectory() as name:
        install(Path(name))
        if preset == "steps":
            steps(Path(name))
        else:
            measure(Path(name), preset, int(side), float(each), int(count), int(launches))


if __name__ == "__main__":
    main(*sys.argv[1:])
