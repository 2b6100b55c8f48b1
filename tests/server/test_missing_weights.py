"""The weights of a model are checked when a job is posted."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from assetgen.pack.weights import BUNDLED_WEIGHTS

CARD = "model: own\nfamily: stable_diffusion\nweights: {folder: base}\nlicence: Apache-2.0\nnative: [128, 128]\n"
PACK = "pack: p\nmodel: own\nassets: {a: {preset: painted_concept, prompt: x}}\n"


@pytest.fixture
def post(shared: Any, tmp_path: Path) -> Any:
    """Post a build of a pack whose card ends in these lines; its model is `mini` without a UNet, which lies beside."""
    shutil.copytree(BUNDLED_WEIGHTS / "mini", tmp_path / "models/base", copy_function=os.symlink)
    (tmp_path / "models/base/unet").rename(tmp_path / "models/unet")
    (tmp_path / "pack.yaml").write_text(PACK)

    def run(lines: str) -> Any:
        (tmp_path / "models/own.yaml").write_text(CARD + lines)
        return shared.request("POST", "/jobs", {"kind": "build", "project": shared.open(tmp_path)})

    return run


def test_a_network_of_the_card_replaces_that_of_the_base(shared: Any, post: Any) -> None:
    response = post("network: {folder: unet}\n")
    assert response.status == 202, response.error
    shared.request("DELETE", f"/jobs/{response.json['id']}")


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("", "unet"),
        ("network: {folder: nowhere}\n", "nowhere"),
        ("network: {folder: unet}\nvae: {folder: nowhere}\n", "nowhere"),
        ("network: {folder: unet}\nloras: [{file: none.safetensors, licence: CC0-1.0}]\n", "none.safetensors"),
    ],
)
def test_missing_weights_are_rejected_at_once(post: Any, lines: str, name: str) -> None:
    response = post(lines)
    assert response.status == 422, response.json
    assert name in response.error["what"]
    assert response.error["cure"]
