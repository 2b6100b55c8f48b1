"""All benchmarks on a GPU, in one command without network.

    python tests/bench/gpu.py [OUT] [--tiny] [--comfy COMFYUI] [STAGE…]

Models have random weights of the shapes of SD 1.5 and SDXL (see `shapes.py`), 20 steps, guidance 7.5. OUT receives
`bench.json`, an SVG per trial and `report.txt`. Stages (default: all): packs against plain diffusers in the same run,
with and without depth (`sd15`, `sdxl`, `sd15_depth`, `sdxl_depth`); whether an asset's bytes depend on the other assets
and their order (`company`); a pack of 500 assets of mixed models and controls at few steps (`mixed`); with COMFYUI, a
folder with its source, ComfyUI on the same weights (`comfy`, see `comfy.py`); compiled networks (`sd15_compiled`).
`--tiny` tests the script with narrow networks on any machine; it skips `sd15_compiled`, which needs a GPU.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import shapes

from assetgen.build.bench import Trial, run_benchmark
from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.cli.bench import lines, picture
from assetgen.events import Drawn, Event, Failed, Loading
from assetgen.machine import Machine
from assetgen.pack.library import Library, PackFile, library_for
from assetgen.pack.schema import Pack
from assetgen.pack.yaml_files import Document, validate
from assetgen.store.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples/dungeon"
COMFY = Path(__file__).with_name("comfy.py")
BATCHES = {"sd15": 8, "sdxl": 4}
IMAGES = {"sd15": 96, "sdxl": 32}
MIXED = 500


class Bench:
    """The models and a report, saved after each stage so that a time limit loses nothing."""

    def __init__(self, out: Path, folder: Path, models: Iterable[str], tiny: bool) -> None:
        self.out, self.folder, self.tiny = out, folder, tiny
        self.report: dict[str, Any] = {}
        out.mkdir(parents=True, exist_ok=True)
        for model in models:
            shapes.write(model, folder, steps=2 if tiny else 20, batch=BATCHES[model], tiny=tiny)
        self.library = library_for(folder)

    def record(self, stage: str, found: Any, *text: str) -> None:
        """Print and save the results so far."""
        self.report[stage] = found
        print(f"[{stage}]", *text, sep="\n", flush=True)
        with (self.out / "report.txt").open("a", encoding="utf-8") as stream:
            print(f"[{stage}]", *text, "", sep="\n", file=stream)
        (self.out / "bench.json").write_text(json.dumps(self.report, indent=1))

    def pack(self, stage: str, model: str, *, depth: bool = False, compiled: bool = False) -> None:
        """A pack against plain diffusers."""
        preset = "concept_from_mesh" if depth else "painted_concept"
        images = 4 if self.tiny else IMAGES[model] // (1 + depth) * (1 + compiled)
        trial = Trial(f"{model}_random", images, preset=preset, depth=depth, plain_images=3, compiled=compiled)
        result = run_benchmark(trial, self.library)
        (self.out / f"{stage}.svg").write_text(picture(result))
        own = result.sampling / result.seconds
        self.record(stage, result.as_dict(), *lines(result), f"pack rate over the device's own rate: {own:.1%}")

    def company(self, count: int = 6) -> None:
        """How many assets have other bytes when built again, in another order, and one by one."""
        names = [f"asset_{n}" for n in range(count)]
        entry = {"preset": "painted_concept", "model": "sd15_random", "tries": 1, "diffusion": {"steps": 4}}

        def bytes_of(groups: Sequence[Sequence[str]]) -> dict[str, bytes]:
            game = Path(tempfile.mkdtemp(dir=self.folder))
            for group in groups:
                assets = {name: {**entry, "prompt": name, "seed": int(name[6:])} for name in group}
                build(assets, self.library, game)
            return {file.name: file.read_bytes() for file in game.rglob("*.png")}

        together = bytes_of([names])
        others = {
            "again": bytes_of([names]),
            "in another order": bytes_of([random.Random(1).sample(names, count)]),
            "one by one": bytes_of([[name] for name in names]),
        }
        found = {how: sum(together[name] != made[name] for name in together) for how, made in others.items()}
        self.record("company", found, f"of {count} assets have other bytes when built …: {found}")

    def mixed(self) -> None:
        """A pack of alternating models and controls: model loads, assets per second."""
        mesh = str(next(EXAMPLE.rglob("*.glb")))
        kinds = [(f"{model}_random", depth) for model in BATCHES for depth in (False, True)]
        assets = {}
        for number in range(40 if self.tiny else MIXED):
            model, depth = kinds[number % len(kinds)]
            entry = {"preset": "concept_from_mesh" if depth else "painted_concept", "model": model, "tries": 1}
            control = {"depth": {"mesh": mesh, "azimuth": number % 360}} if depth else {}
            assets[f"asset_{number}"] = {**entry, **control, "prompt": f"a thing {number}", "diffusion": {"steps": 4}}
        started = time.perf_counter()
        events = build(assets, self.library, Path(tempfile.mkdtemp(dir=self.folder)))
        drawn = [event for event in events if isinstance(event, Drawn)]
        found = {
            "assets": len(assets),
            "seconds": round(time.perf_counter() - started, 2),
            "sampling": round(sum(event.seconds for event in drawn), 2),
            "drawn": len(drawn),
            "loads": [event.model for event in events if isinstance(event, Loading)],
            "failed": [event.reason for event in events if isinstance(event, Failed)][:3],
        }
        self.record("mixed", found, str(found))

    def comfy(self, source: Path) -> None:
        """ComfyUI on the same weights, in its own process."""
        output = self.out / "comfy.json"
        arguments = [sys.executable, str(COMFY), str(source), str(self.folder), str(output), *["--tiny"] * self.tiny]
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        found = json.loads(output.read_text())
        trials = {key.replace("_random", ""): trial for key, trial in found.items() if isinstance(trial, dict)}
        rates = {name: trial["images_per_second"] for name, trial in trials.items() if name in self.report}
        ratios = [
            f"{name}: {rate:.2f} images/s; assetgen {self.report[name]['rate'] / rate:.2f} times that"
            for name, rate in rates.items()
        ]
        self.record("comfy", found, *ratios)


def build(assets: dict[str, Any], library: Library, game: Path) -> list[Event]:
    """Build a pack with an empty store; returns the events."""
    events: list[Event] = []
    document = Document("bench", {"pack": "bench", "engine": "plain", "assets": assets})
    store = Path(tempfile.mkdtemp(dir=game.parent))
    machine = Machine(Store(store), store)
    build_pack(
        PackFile(validate(document, Pack), document, game, library),
        game,
        machine,
        events.append,
        BuildOptions(once=True),
    )
    shutil.rmtree(store)
    return events


def main(out: Path, tiny: bool, comfyui: Path | None, wanted: Sequence[str]) -> None:
    """Run the stages."""
    with tempfile.TemporaryDirectory() as name:
        models = [model for model in BATCHES if not wanted or any(_wants(stage, model) for stage in wanted)]
        bench = Bench(out, Path(name), models, tiny)
        stages: dict[str, Callable[[], None]] = {
            "sd15": partial(bench.pack, "sd15", "sd15"),
            "sd15_depth": partial(bench.pack, "sd15_depth", "sd15", depth=True),
            "company": bench.company,
            "sdxl": partial(bench.pack, "sdxl", "sdxl"),
            "sdxl_depth": partial(bench.pack, "sdxl_depth", "sdxl", depth=True),
            "mixed": bench.mixed,
        }
        if not tiny:
            stages["sd15_compiled"] = partial(bench.pack, "sd15_compiled", "sd15", compiled=True)
        if comfyui:
            stages["comfy"] = partial(bench.comfy, comfyui)
        for stage in wanted or stages:
            started = time.perf_counter()
            stages[stage]()
            print(f"({stage} took {time.perf_counter() - started:.1f} s in all)", flush=True)


def _wants(stage: str, model: str) -> bool:
    return stage.startswith(model) or stage in ("mixed", "comfy") or (stage, model) == ("company", "sd15")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", nargs="?", type=Path, default=Path("out/gpu"))
    parser.add_argument("stages", nargs="*")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--comfy", type=Path)
    args = parser.parse_intermixed_args()
    main(args.out, args.tiny, args.comfy, args.stages)
