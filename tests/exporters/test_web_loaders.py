"""The TypeScript modules that load what `plain` writes into Phaser and Pixi."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.exporters.plain import plain
from assetgen.images import Frames, ImageSet, Tag, color_image, sequence
from assetgen.parts import Context
from assetgen.pixels.tilesets import Terrain, Tile, Tileset
from assetgen.sources.atlas import atlas

ENGINES = ("phaser", "pixi")
LOADERS = [f"assetgen_{engine}.ts" for engine in ENGINES]
CURE = "npm install --prefix DIR typescript phaser@3 pixi.js@8, and set ASSETGEN_NODE_MODULES=DIR/node_modules"


def still(**facts: Any) -> ImageSet:
    return color_image(np.full((4, 4, 4), 255, np.uint8), pivot=(0.5, 1.0), **facts)


def keys(document: Any) -> Iterator[str]:
    """The keys of a JSON document, without names of frames and animations."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        if isinstance(key, str) and not re.fullmatch(r"imp\w*|a", key):
            yield key
        if isinstance(value, (dict, list)):
            yield from keys(value)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_types_have_every_key_of_the_json(engine: Any) -> None:
    moving = sequence([still()] * 2, Frames((1, 2), (Tag("imp_a", 0, 0, loop=False), Tag("imp_b", 1, 1))))
    packed = atlas(Context(members={"imp": moving, "a": still(borders=(1, 1, 1, 1))}))
    files = plain(packed, "all", trim_mode="polygon", loader=engine)
    tiles = asdict(Tileset("corner", (4, 4), 1, (Terrain("a", "#000000"),), (Tile(),)))
    found = {*keys(json.loads(files["all.json"])), *keys(tiles), "image"} - {"app", "version", "rotated", "color"}
    text = files[f"assetgen_{engine}.ts"].decode()
    assert {key for key in found if not re.search(rf"\b{key}\??:", text)} == set()


def test_one_loader_is_published_for_all_assets_and_removed_with_the_last(rebuilt: Any, tmp_path: Path) -> None:
    loader = tmp_path / "game/assetgen_pixi.ts"
    start = "pack: p\ndefaults: {plain: {loader: pixi}}\nassets:\n  b: {preset: drawing, prompt: x}\n"
    for pack in (start + "  a: {preset: drawing, prompt: x}\n", start):
        rebuilt(pack)
        assert loader.read_bytes() == plain(still(), "a", loader="pixi")["assetgen_pixi.ts"]
    rebuilt(start.replace("pixi", "null"))
    assert sorted(each.name for each in loader.parent.iterdir()) == ["b.png", "index.html", "manifest.json"]


def test_the_loaders_compile_with_the_types_of_the_engines(tmp_path: Path) -> None:
    modules = os.environ.get("ASSETGEN_NODE_MODULES")
    if not modules:
        pytest.skip(f"there are no packages of Phaser and Pixi: {CURE}")
    (tmp_path / "node_modules").symlink_to(Path(modules).resolve())
    for engine, name in zip(ENGINES, LOADERS, strict=True):
        (tmp_path / name).write_bytes(plain(still(), "a", loader=engine)[name])  # type: ignore[arg-type]
    strict = ["--strict", "--noUnusedLocals", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "esnext"]
    command = [tmp_path / "node_modules/.bin/tsc", *strict, "--moduleResolution", "bundler", "--noEmit", *LOADERS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
