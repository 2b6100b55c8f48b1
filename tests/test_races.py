"""Builds in fresh processes, in which libraries are imported while several assets are finished at once."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PRESETS = {
    "cut": "use: sprite\nsource: image_file\nsteps: [cutout, trim, {outline: {width: 2}}]\nchecks: [alpha]\n",
    "maps": "use: material\nsource: image_file\nsteps: [{seamless: {axes: xy}}, pbr_maps]\n",
    "pixels": "use: pixel_sprite\nsource: image_file\nsteps: [cutout, pixelate]\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(4))
def test_a_fresh_build_of_three_quick_assets_without_a_model_succeeds(tmp_path: Path, attempt: int) -> None:
    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[16:48, 16:48] = np.random.default_rng(attempt).integers(0, 200, (32, 32, 3))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    for name, preset in PRESETS.items():
        (tmp_path / f"{name}.yaml").write_text(f"preset: {name}\n{preset}")
    assets = ", ".join(f"{name}: {{preset: {name}, image_file: {{image: a.png}}}}" for name in PRESETS)
    (tmp_path / "pack.yaml").write_text(f"pack: p\nassets: {{{assets}}}")
    command = [sys.executable, "-m", "assetgen.cli", "build", str(tmp_path), "--game", str(tmp_path / "game")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "game").glob("*.png"))) >= len(PRESETS)
