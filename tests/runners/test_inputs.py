"""Recipes from another machine: input files travel by digest; parts and weights are compared."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assetgen.errors import AssetgenError, InputError
from assetgen.pack.library import load_pack
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.resolve import resolve_pack
from assetgen.pixels.image_files import encode_png, read_image
from assetgen.runners.inputs import fetch_inputs, send_inputs
from assetgen.store.store import Store

PACK = """
pack: p
assets: {a: {preset: painted_concept, prompt: x, model: own, diffusion: {image: in.png}}}
"""
CARD = """
model: own
family: stable_diffusion
weights: {folder: ../weights}
licence: MIT
native: [64, 64]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/model.safetensors").write_bytes(b"weights")
    (tmp_path / "in.png").write_bytes(encode_png(np.full((8, 8, 3), 7, np.uint8)))
    (tmp_path / "models").mkdir()
    (tmp_path / "models/own.yaml").write_text(CARD)
    (tmp_path / "pack.yaml").write_text(PACK)
    [found] = resolve_pack(load_pack(tmp_path))
    return found


def test_an_input_file_reaches_a_machine_that_has_no_such_path(recipe: Recipe, store: Store, tmp_path: Path) -> None:
    send_inputs(recipe, store, set())
    (tmp_path / "in.png").unlink()
    there = fetch_inputs(recipe, store, tmp_path / "worker")
    assert read_image(there.source.arguments["image"].path).mean() == 7
    assert there.files_key == recipe.files_key


def test_an_input_file_that_changed_is_an_error(recipe: Recipe, store: Store, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(b"other")
    with pytest.raises(InputError, match=r"in\.png' changed while the pack was being built\. Build again"):
        send_inputs(recipe, store, set())


def test_an_input_file_missing_in_the_store_is_an_error(recipe: Recipe, store: Store, tmp_path: Path) -> None:
    with pytest.raises(AssetgenError, match=r"input file 'in\.png' is missing in the store\. Build again"):
        fetch_inputs(recipe, store, tmp_path / "worker")


def test_a_worker_with_another_version_of_a_part_refuses(recipe: Recipe, store: Store, tmp_path: Path) -> None:
    newer = replace(recipe, export=replace(recipe.export, version=99))
    with pytest.raises(InputError, match=r"exporter 'plain' is version \d+ on this worker and 99 in the pack"):
        fetch_inputs(newer, store, tmp_path / "worker")


def test_a_worker_with_other_weights_refuses(recipe: Recipe, store: Store, tmp_path: Path) -> None:
    send_inputs(recipe, store, set())
    (tmp_path / "weights/model.safetensors").write_bytes(b"other weights")
    with pytest.raises(InputError, match="weights of 'own' on this worker differ from the pack's"):
        fetch_inputs(recipe, store, tmp_path / "worker")


def test_a_worker_without_the_weights_refuses(recipe: Recipe, store: Store, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "weights")
    with pytest.raises(InputError, match=r"weights of 'own' are not at '.*weights' on this worker\. Copy them there"):
        fetch_inputs(recipe, store, tmp_path / "worker")


def test_a_worker_with_other_weights_of_a_steps_model_refuses(recipe: Recipe, store: Store, tmp_path: Path) -> None:
    estimating = Stage("step", "delight", "delight", 1, {"model": recipe.source.arguments["model"]})
    plain = replace(recipe, source=replace(recipe.source, arguments={}), steps=(estimating,))
    (tmp_path / "weights/model.safetensors").write_bytes(b"other weights")
    with pytest.raises(InputError, match="the weights of 'own' on this worker differ from the pack's"):
        fetch_inputs(plain, store, tmp_path / "worker")
