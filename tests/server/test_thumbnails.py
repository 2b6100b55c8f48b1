"""Thumbnails of shipped presets, of a project's presets, and inherited ones."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from assetgen.pack.library import shipped_presets
from assetgen.pixels.image_files import decode_image

SHIPPED = shipped_presets() / "thumbnails"
TOTAL = 200_000
NOTHING = "the preset 'drawing' has no thumbnail"


def lines(client: Any, project: str) -> dict[str, Any]:
    return {line["name"]: line for line in client.get(f"/presets?project={project}")}


def test_every_shipped_preset_has_a_small_thumbnail(client: Any) -> None:
    pictures = {}
    for line in client.get("/presets"):
        assert line["thumbnail"], line
        response = client.request("GET", f"/presets/{line['name']}/thumbnail")
        assert (response.status, response.headers["content-type"]) == (200, "image/png")
        pictures[line["name"]] = response.body
        assert decode_image(response.body).shape[:2] == (96, 96)
    assert len(set(pictures.values())) == len(pictures)
    assert sum(map(len, pictures.values())) < TOTAL


def test_a_thumbnail_with_a_known_etag_is_not_sent_again(client: Any) -> None:
    first = client.request("GET", "/presets/decal/thumbnail")
    again = client.request("GET", "/presets/decal/thumbnail", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    other = client.request("GET", "/presets/sprite/thumbnail", If_None_Match=first.headers["etag"])
    assert other.status == 200


def test_a_preset_without_a_thumbnail_inherits_one(client: Any, project: Path) -> None:
    folder = project / "presets"
    folder.mkdir()
    (folder / "gem.yaml").write_text("preset: gem\nextends: item_icon\n")
    (folder / "ruby.yaml").write_text("preset: ruby\nextends: gem\n")
    id = client.open(project)
    inherited = (SHIPPED / "item_icon.png").read_bytes()
    assert client.request("GET", f"/presets/ruby/thumbnail?project={id}").body == inherited
    shutil.copy(SHIPPED / "decal.png", folder / "gem.png")
    assert client.request("GET", f"/presets/ruby/thumbnail?project={id}").body == (SHIPPED / "decal.png").read_bytes()
    assert lines(client, id)["gem"]["thumbnail"] is True
    assert client.get(f"/presets/gem?project={id}")["thumbnail"] is True
    assert client.request("GET", "/presets/gem/thumbnail").status == 404


@pytest.mark.parametrize("data", [None, b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(1_000_001)])
def test_a_missing_thumbnail_is_not_found(client: Any, project: Path, data: bytes | None) -> None:
    if data is not None:
        (project / "art" / "drawing.png").write_bytes(data)
    id = client.open(project / "art")
    response = client.request("GET", f"/presets/drawing/thumbnail?project={id}")
    assert (response.status, response.error["what"]) == (404, NOTHING)
    assert response.error["cure"] == "Put a PNG of at most 1 MB beside its YAML: drawing.png"
    assert lines(client, id)["drawing"]["thumbnail"] is False


@pytest.mark.parametrize(
    "path", ["/presets/pixel_sprit/thumbnail", "/presets?project=nowhere", "/presets/..%2Fx/thumbnail"]
)
def test_unknown_presets_and_projects_are_not_found(client: Any, path: str) -> None:
    assert client.request("GET", path).status == 404


def test_a_pipe_or_a_folder_is_not_a_thumbnail(client: Any, project: Path) -> None:
    os.mkfifo(project / "art" / "drawing.png")
    (project / "art" / "thumbnails" / "drawing.png").mkdir(parents=True)
    id = client.open(project / "art")
    assert client.request("GET", f"/presets/drawing/thumbnail?project={id}").error["what"] == NOTHING


def test_a_broken_preset_has_no_thumbnail(client: Any, project: Path) -> None:
    (project / "art" / "torn.yaml").write_text("preset: torn\nextends: nothing\n")
    id = client.open(project / "art")
    assert lines(client, id)["torn"]["thumbnail"] is False
    assert client.request("GET", f"/presets/torn/thumbnail?project={id}").status == 422
