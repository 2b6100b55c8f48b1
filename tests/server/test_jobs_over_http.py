"""Every kind of job over HTTP."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.pixels.image_files import decode_image, encode_png

MAKE = {"kind": "make", "preset": "pixel_sprite", "prompt": "a red dragon", "draft": True}


def drawing(side: int = 32) -> bytes:
    picture = np.full((side, side, 3), 255, np.uint8)
    picture[8:24, 8:24] = (200, 30, 30)
    return encode_png(picture)


def test_make_makes_images_that_can_be_fetched(client: Any) -> None:
    state = client.make()
    [file] = state["files"]
    response = client.request("GET", f"/jobs/{state['id']}/files/{file['path']}")
    assert (state["status"], file["channel"], file["number"]) == ("done", "color", 1)
    assert decode_image(response.body).shape[2] == 4
    assert client.request("GET", f"/jobs/{state['id']}/previews/1").status == 404
    assert response.headers["etag"] == f'"{file["sha256"]}"'


def test_a_file_with_a_known_etag_is_not_sent_again(client: Any) -> None:
    state = client.make()
    [file] = state["files"]
    response = client.request("GET", f"/jobs/{state['id']}/files/{file['path']}", If_None_Match=f'"{file["sha256"]}"')
    assert (response.status, response.body) == (304, b"")


def test_variations_are_listed_as_they_finish(client: Any) -> None:
    job = client.job(kind="make", preset="pixel_sprite", prompt="an imp", draft=True, count=12)
    seen = []
    client.wait(job, lambda state: seen.append(len(state["files"])) or state["ended"])
    state = client.wait(job)
    assert [file["number"] for file in sorted(state["files"], key=lambda file: file["path"])] == list(range(1, 13))
    assert any(0 < count < 12 for count in seen)
    fractions = state["progress"]
    assert fractions == {"done": 12, "total": 12, "fraction": 1.0}


def test_settings_change_the_arguments_of_parts(client: Any) -> None:
    plain, other = client.make(), client.make(settings={"pixelate": {"colors": 2.0}})
    assert other["status"] == "done"
    assert plain["files"][0]["sha256"] != other["files"][0]["sha256"]


def test_a_mesh_conditions_concept_art(client: Any) -> None:
    cube = Path(__file__).parents[2] / "examples" / "dungeon"
    mesh = next(cube.rglob("*.glb"))
    upload = client.upload(mesh.read_bytes(), "keep.glb").json
    state = client.make(preset="concept_from_mesh", inputs={"depth.mesh": upload["id"]})
    assert (state["status"], state["error"]) == ("done", None)


def test_post_runs_steps_on_an_upload(client: Any) -> None:
    upload = client.upload(drawing(), "in.png").json
    state = client.wait(client.job(kind="post", steps=["cutout", {"trim": {"padding": 1}}], upload=upload["id"]))
    [file] = state["files"]
    picture = decode_image(client.request("GET", f"/jobs/{state['id']}/files/{file['path']}").body)
    assert (state["status"], picture.shape) == ("done", (18, 18, 4))


def test_build_publishes_into_the_project(client: Any, project: Path) -> None:
    state = client.wait(client.job(kind="build", project=client.open(project), pack="art"))
    assert state["status"] == "done", state["error"]
    assert {file["path"] for file in state["files"]} >= {"tree.png", "rock.png"}
    assert (project / "out" / "art" / "art" / "tree.png").is_file()
    assert (project / "art" / "pack.lock").is_file()
    body = client.request("GET", f"/jobs/{state['id']}/files/tree.png").body
    assert body == (project / "out" / "art" / "art" / "tree.png").read_bytes()


def test_a_project_that_is_a_game_is_built_into(client: Any, project: Path) -> None:
    (project / "project.godot").write_text("config_version=5\n")
    client.wait(client.job(kind="build", project=client.open(project), pack="art/pack.yaml"))
    assert (project / "art" / "tree.png").is_file()


def test_candidates_are_made_and_one_is_picked(client: Any, project: Path) -> None:
    of = {"project": client.open(project), "pack": "art"}
    client.wait(client.job(kind="build", **of))
    state = client.wait(client.job(kind="candidates", **of, only="tree", count=3))
    assert [(file["path"], file["number"]) for file in state["files"]] == [(f"tree/0{n}.png", n) for n in (1, 2, 3)]
    assert state["result"]["built"] == {"tree": 1}
    assert client.wait(client.job(kind="pick", **of, asset="tree", number=3))["status"] == "done"
    client.wait(client.job(kind="build", **of))
    assert "pick: 2" in (project / "art" / "pack.lock").read_text()
    client.wait(client.job(kind="pick", **of, asset="tree", number=None))
    assert "pick: 2" not in (project / "art" / "pack.lock").read_text()


def test_check_reports_the_state_of_each_asset(client: Any, project: Path) -> None:
    of = {"project": client.open(project), "pack": "art"}
    client.wait(client.job(kind="build", **of))
    (project / "out" / "art" / "art" / "rock.png").unlink()
    state = client.wait(client.job(kind="check", **of))
    assert state["result"]["counts"] == {"ok": 1, "missing": 1}
    states = {event["asset"]: event["state"] for event in state["events"] if event["event"] == "audited"}
    assert states == {"tree": "ok", "rock": "missing"}


def test_a_failed_job_has_the_reason(client: Any, project: Path) -> None:
    preset = project / "art" / "drawing.yaml"
    preset.write_text(preset.read_text() + "tries: 1\nchecks: [{palette: {colors: 1}}]\n")
    state = client.wait(client.job(kind="build", project=client.open(project), pack="art"))
    assert state["status"] == "failed"
    assert "its checks rejected" in state["error"]["what"]


def test_a_make_with_good_variations_is_done_and_has_the_reasons_of_the_others(client: Any, tmp_path: Path) -> None:
    checked = "tries: 1\nchecks: [{palette: {colors: 16}}]\n"
    (tmp_path / "drawing.yaml").write_text(
        f'preset: drawing\nuse: sprite\nsource: {{fake: {{prompt: "{{prompt}}", size: [16, 16]}}}}\n{checked}'
    )
    state = client.make(preset="drawing", project=client.open(tmp_path), count=8, seed=1)
    [failure] = state["failures"]
    assert (state["status"], state["error"], state["succeeded"], failure["number"]) == ("done", None, 7, 5)
    assert "17 colours, 16 allowed" in failure["what"]
    assert failure["cure"].startswith("Try another prompt or seed")


@pytest.mark.parametrize(
    ("request_", "cure"),
    [
        ({"kind": "make", "preset": "pixel_sprit", "prompt": "x"}, "Did you mean 'pixel_sprite'?"),
        ({"kind": "make", "preset": "pixel_sprite", "prompt": "x", "modle": "mini"}, "Did you mean 'model'?"),
        ({"kind": "make", "preset": "pixel_sprite", "prompt": "x", "model": "minni"}, "Did you mean 'mini'?"),
        ({**MAKE, "settings": {"pixelat": {}}}, "Did you mean 'pixelate'?"),
        ({**MAKE, "settings": {"pixelate": {"color": 3}}}, "Did you mean 'colors'?"),
        ({**MAKE, "engine": "godott"}, "Did you mean 'godot'?"),
    ],
)  # fmt: skip
def test_mistakes_are_rejected_with_the_nearest_name(shared: Any, request_: Any, cure: str) -> None:
    response = shared.request("POST", "/jobs", request_)
    assert (response.status, response.error["cure"]) == (422, cure)


def test_missing_weights_are_rejected_with_the_install_command(shared: Any) -> None:
    response = shared.request(
        "POST", "/jobs", {"kind": "make", "preset": "pixel_sprite", "prompt": "x", "model": "sdxl"}
    )
    assert response.status == 503
    assert response.error["cure"]


def test_presets_have_schemas_for_forms(shared: Any) -> None:
    page = shared.get("/presets/pixel_sprite")
    pixelate = next(part for part in page["parts"] if part["name"] == "pixelate")
    assert pixelate["schema"]["properties"]["colors"]["default"] == 16
    assert page["takes"] == ["seed", "model", "prompt", "negative"]
    files = {key: each for part in shared.get("/parts") for key, each in part["schema"]["properties"].items()}
    assert "upload" in str(files["mesh"])


def test_models_have_licence_size_and_availability(shared: Any) -> None:
    cards = {card["name"]: card for card in shared.get("/models")}
    assert (cards["mini"]["weights"], cards["mini"]["native"]) == ("here", [128, 128])
    assert cards["mini"]["licence"]


def test_a_detector_has_its_licence_terms(shared: Any) -> None:
    detectors = {part["name"]: part["detector"] for part in shared.get("/parts") if part["kind"] == "control"}
    assert detectors["open_pose"]["licence_url"].startswith("https://")
    commercial = {name: each["commercial"] for name, each in detectors.items() if each}
    assert (commercial["hed"], commercial["open_pose"], detectors["hed"]["licence"]) == (True, False, "Apache-2.0")
    assert detectors["canny"] is None
