"""Models that forbid commercial use are rejected over HTTP unless the request allows them."""

from pathlib import Path
from typing import Any

import pytest

CARD = """
model: own
family: stable_diffusion
weights: {bundled: mini}
licence: Research-Only
commercial: false
native: [128, 128]
"""
PACK = "pack: p\nmodel: own\nassets: {a: {preset: painted_concept, prompt: x}}\n"


@pytest.mark.parametrize("kind", ["build", "candidates"])
def test_jobs_of_a_pack_need_allow_noncommercial(shared: Any, tmp_path: Path, kind: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/own.yaml").write_text(CARD)
    (tmp_path / "pack.yaml").write_text(PACK)
    request = {"kind": kind, "project": shared.open(tmp_path)}
    response = shared.request("POST", "/jobs", request)
    assert (response.status, response.error["what"]) == (422, "model 'own' forbids commercial use (Research-Only)")
    assert "allow_noncommercial" in response.error["cure"]
    job = shared.job(**request, allow_noncommercial=True)
    assert shared.request("DELETE", f"/jobs/{job['id']}").status == 200


def test_a_make_needs_allow_noncommercial(shared: Any) -> None:
    request = {"kind": "make", "preset": "painted_concept", "prompt": "x", "model": "sd_turbo"}
    assert shared.request("POST", "/jobs", request).status == 422
    allowed = shared.request("POST", "/jobs", {**request, "allow_noncommercial": True})
    assert (allowed.status, "lacks 1 download on this machine" in allowed.error["what"]) == (503, True)


def test_a_draft_needs_no_allow_noncommercial(shared: Any) -> None:
    assert shared.make(model="sd_turbo")["status"] == "done"
