"""A pack that is used over HTTP reads files of opened projects and presets only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.pixels.image_files import encode_png

Run = Callable[..., tuple[int, str, str]]
CURE = "Open that folder too: POST /api/v1/projects"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture beside the project, outside it."""
    path = tmp_path / "private" / "x.png"
    path.parent.mkdir()
    path.write_bytes(encode_png(np.full((16, 16, 3), 90, np.uint8)))
    return path


def packed(project: Path, settings: str, preset: str = "drawing") -> Path:
    """A pack in the project with one asset of these settings."""
    folder = project / "own"
    folder.mkdir()
    (folder / "drawing.yaml").write_text((project / "art" / "drawing.yaml").read_text())
    (folder / "photo.yaml").write_text("preset: photo\nuse: picture\nsource: image_file\n")
    (folder / "pack.yaml").write_text(f"pack: own\nassets:\n  a: {{preset: {preset}, {settings}}}\n")
    return folder


def request_job(client: Any, project: Path, kind: str = "build", **more: Any) -> tuple[int, dict[str, str]]:
    response = client.request("POST", "/jobs", {"kind": kind, "project": client.open(project), "pack": "own", **more})
    return response.status, response.json.get("error", {})


WAYS = {
    "relative": ("photo", "image_file: {image: ../../private/x.png}"),
    "absolute": ("photo", "image_file: {image: FOLDER/private/x.png}"),
    "through_a_link": ("photo", "image_file: {image: link/x.png}"),
    "to_nothing": ("photo", "image_file: {image: ../../private/no.png}"),
    "mesh": ("concept_from_mesh", "prompt: x, depth: {mesh: ../../private/x.png}"),
    "palette": ("pixel_sprite", "prompt: x, pixelate: {palette: ../../private/x.png}"),
    "preset": ("linked", "prompt: x"),
}


@pytest.mark.parametrize("kind", ["build", "candidates"])
@pytest.mark.parametrize("way", WAYS)
def test_a_pack_cannot_read_outside_opened_projects(
    client: Any, project: Path, picture: Path, way: str, kind: str
) -> None:
    preset, settings = WAYS[way]
    folder = packed(project, settings.replace("FOLDER", str(picture.parents[1])), preset)
    (folder / "link").symlink_to(picture.parent)
    (folder / "linked.yaml").symlink_to(picture)
    status, error = request_job(client, project, kind)
    assert (status, error.get("cure")) == (422, CURE), error
    assert f"the file '{picture.parent}/" in error["what"]


def test_a_pack_can_read_another_opened_folder(client: Any, project: Path, picture: Path) -> None:
    packed(project, "image_file: {image: ../../private/x.png}", "photo")
    client.open(picture.parent)
    assert request_job(client, project)[0] == 202


def test_the_command_line_can_read_any_file(assetgen: Run, project: Path, picture: Path) -> None:
    folder = packed(project, "image_file: {image: ../../private/x.png}", "photo")
    game = project.parent / "game"
    assert assetgen("build", folder, "--game", game, "--store", project.parent / "s")[0] == 0
    assert (game / "a.png").is_file()


def test_a_symlink_out_of_the_project_in_the_inbox_fails_alone(client: Any, project: Path, picture: Path) -> None:
    folder = packed(project, "prompt: x")
    (folder / "inbox").mkdir()
    (folder / "inbox" / "b.png").symlink_to(picture)
    (folder / "inbox" / "c.yaml").symlink_to(picture)
    (folder / "inbox" / "c.png").write_bytes(picture.read_bytes())
    job = client.wait(client.job(kind="build", project=client.open(project), pack="own"))
    assert [file["asset"] for file in job["files"]] == ["a"]
    assert job["error"]["what"].startswith("2 assets failed") and "is in no opened project" in job["error"]["what"]


def test_a_preset_of_a_project_cannot_read_outside_it_in_a_make(client: Any, project: Path, picture: Path) -> None:
    settings = "source: {image_file: {image: ../private/x.png}}"
    (project / "sly.yaml").write_text(f"preset: sly\nuse: picture\n{settings}\n")
    ask = {"kind": "make", "preset": "sly", "project": client.open(project)}
    assert client.request("POST", "/jobs", ask).json["error"]["cure"] == CURE


def test_a_thumbnail_cannot_be_a_symlink_out_of_the_project(client: Any, project: Path, picture: Path) -> None:
    (project / "sly.yaml").write_text("preset: sly\nuse: picture\nsource: fake\n")
    (project / "sly.png").symlink_to(picture)
    id = client.open(project)
    assert client.request("GET", f"/presets/sly/thumbnail?project={id}").status == 404
    picture.replace(project / "sly.png")
    assert client.request("GET", f"/presets/sly/thumbnail?project={id}").status == 200
