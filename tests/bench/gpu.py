"""Everything that is measured on a GPU, by one command without network, in under eight minutes on an H100.

    python tests/bench/gpu.py [OUT] [--tiny]

Models have random weights of the true shapes of SD 1.5 and SDXL (see `shapes.py`), 20 steps, guidance 7.5. In OUT:
`bench.json`, an SVG for each trial, `report.txt`. Measured: packs beside plain diffusers in the same run, with and
without depth; whether an asset's bytes depend on its company and order; a pack of 500 assets of mixed models and
controls at few steps. `--tiny` tries the script itself with narrow networks, on any machine.
"""

import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapes

from assetgen.bench import Trial, measure
from assetgen.cli.bench import lines, picture
from assetgen.events import Drawn, Event, Failed, Loading
from assetgen.load import Library, PackFile, library_for
from assetgen.rebuild import Machine, Wish, rebuild
from assetgen.spec import Pack
from assetgen.store import Store
from assetgen.yaml_files import Document, check

EXAMPLE = Path(__file__).parents[2] / "examples/dungeon"
MIXED = 500


def main(out: Path, tiny: bool) -> None:
    """Measure, and tell as it goes: what was measured is kept when the time runs out."""
    out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        steps = 2 if tiny else 20
        for model, batch in (("sd15", 8), ("sdxl", 4)):
            shapes.write(model, folder, steps=steps, batch=batch, tiny=tiny)
        library = library_for(folder)
        images = {"sd15_random": 64, "sdxl_random": 16}
        for model, depth in ((model, depth) for model in images for depth in (False, True)):
            trial = Trial(model, 4 if tiny else images[model] // (1 + depth), depth=depth, plain_images=4)
            if depth:
                trial = Trial(**{**trial.__dict__, "preset": "concept_from_mesh"})
            result = measure(trial, library)
            key = model + "_depth" * depth
            report[key] = result.as_dict()
            (out / f"{key}.svg").write_text(picture(result))
            tell(out, report, *lines(result))
        report["company"] = company(library, folder, 6)
        tell(out, report, f"bytes that depend on company or order: {report['company']}")
        report["mixed"] = mixed(library, folder, 40 if tiny else MIXED)
        tell(out, report, f"mixed pack: {report['mixed']}")


def tell(out: Path, report: dict[str, Any], *said: str) -> None:
    """Print, and write down what there is so far."""
    print(*said, sep="\n", flush=True)
    with (out / "report.txt").open("a", encoding="utf-8") as stream:
        print(*said, "", sep="\n", file=stream)
    (out / "bench.json").write_text(json.dumps(report, indent=1))


def company(library: Library, folder: Path, count: int) -> dict[str, int]:
    """Of so many assets, how many have other bytes when built in another order, and when built one by one."""
    names = [f"asset_{n}" for n in range(count)]
    entry = {"preset": "painted_concept", "model": "sd15_random", "tries": 1, "diffusion": {"steps": 4}}

    def bytes_of(groups: Sequence[Sequence[str]]) -> dict[str, bytes]:
        game = Path(tempfile.mkdtemp(dir=folder))
        for group in groups:
            build({name: {**entry, "prompt": name, "seed": int(name[6:])} for name in group}, library, game)
        return {file.name: file.read_bytes() for file in game.rglob("*.png")}

    together = bytes_of([names])
    shuffled = bytes_of([random.Random(1).sample(names, count)])
    alone = bytes_of([[name] for name in names])
    return {
        "other order": sum(together[name] != shuffled[name] for name in together),
        "one by one": sum(together[name] != alone[name] for name in together),
        "of": count,
    }


def mixed(library: Library, folder: Path, count: int) -> dict[str, Any]:
    """A pack that takes its models and controls in turns: how often models were loaded, and the seconds an asset."""
    mesh = str(next(EXAMPLE.rglob("*.glb")))
    kinds = [(model, depth) for model in ("sd15_random", "sdxl_random") for depth in (False, True)]
    assets = {}
    for number in range(count):
        model, depth = kinds[number % len(kinds)]
        entry = {"preset": "concept_from_mesh" if depth else "painted_concept", "model": model, "tries": 1}
        control = {"depth": {"mesh": mesh, "azimuth": number % 360}} if depth else {}
        assets[f"asset_{number}"] = {**entry, **control, "prompt": f"a thing {number}", "diffusion": {"steps": 4}}
    started = time.perf_counter()
    events = build(assets, library, Path(tempfile.mkdtemp(dir=folder)))
    return {
        "assets": count,
        "seconds": round(time.perf_counter() - started, 2),
        "drawn": sum(isinstance(event, Drawn) for event in events),
        "loads": [event.model for event in events if isinstance(event, Loading)],
        "failed": [event.reason for event in events if isinstance(event, Failed)][:3],
    }


def build(assets: dict[str, Any], library: Library, game: Path) -> list[Event]:
    """Build a pack from nothing into a game; gives the events."""
    events: list[Event] = []
    document = Document("bench", {"pack": "bench", "engine": "plain", "assets": assets})
    store = Path(tempfile.mkdtemp(dir=game.parent))
    machine = Machine(Store(store), store / "locks", store / "history.json")
    rebuild(PackFile(check(document, Pack), document, game, library), game, machine, events.append, Wish(once=True))
    shutil.rmtree(store)
    return events


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--tiny"]
    main(Path(words[0] if words else "out/gpu"), "--tiny" in sys.argv)
