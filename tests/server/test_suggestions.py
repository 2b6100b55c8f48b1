"""Twelve variations of the embedded model, listed one by one."""

import hashlib
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from assetgen.pixels.image_files import decode_image

LOADS = 120.0
"""Seconds without news while a model is loaded, on a machine that is busy with others."""
pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(900)]
STEPS = {"diffusion": {"steps": 2}}


def test_twelve_variations_are_listed_one_by_one(daemon: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _, client = daemon()
    started, came = time.monotonic(), []

    def look(state: Any) -> Any:
        came.extend([time.monotonic() - started] * (len(state["files"]) - len(came)))
        return state["ended"]

    job = client.job(kind="make", preset="painted_concept", prompt="a red dragon", count=12, settings=STEPS)
    client.wait(job, look, LOADS)
    with capsys.disabled():
        print(f"\n12 variations: the first after {came[0]:.1f} s, the last after {came[-1]:.1f} s")
    assert len(came) == 12
    assert came[0] < came[-1]


def test_a_make_during_a_build_changes_no_pixel_of_it(daemon: Any, tmp_path: Path) -> None:
    _, client = daemon()
    names = [f"potion_{n}" for n in range(5)]
    sums = []
    for folder in (tmp_path / "alone", tmp_path / "overtaken"):
        folder.mkdir()
        assets = "".join(f"  {name}: {{preset: painted_concept, prompt: a potion}}\n" for name in names)
        (folder / "pack.yaml").write_text(
            f"pack: {folder.name}\nmodel: mini\ndefaults: {{diffusion: {{steps: 4}}}}\nassets:\n{assets}"
        )
        shutil.rmtree(tmp_path / "store", ignore_errors=True)  # or nothing would be sampled anew
        build = client.job(kind="build", project=client.open(folder), pack="")
        if folder.name == "overtaken":
            client.wait(build, lambda state: any(event["event"] == "sampling" for event in state["events"]), LOADS)
            suggestion = client.job(kind="make", preset="painted_concept", prompt="an imp", settings=STEPS)
            made = client.wait(suggestion, patience=LOADS)
            assert made["status"] == "done", made["error"]
        built = client.wait(build, patience=LOADS)
        assert built["status"] == "done", built["error"]
        assert folder.name == "alone" or built["started"] < made["ended"] < built["ended"]
        sums.append(sorted(file["path"] for file in built["files"]))
        sums.append([digest(folder, name) for name in names])
    assert sums[:2] == sums[2:]


def digest(folder: Path, name: str) -> str:
    [picture] = folder.rglob(f"{name}.png")
    return hashlib.sha256(decode_image(picture.read_bytes()).tobytes()).hexdigest()
