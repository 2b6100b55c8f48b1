"""The history: what was made stays, can be found, made again and removed."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.pixels.image_files import decode_image
from assetgen.server.history import drop_excess
from assetgen.server.jobs import Jobs, Notifier

CHECKED = 'preset: drawing\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [16, 24]}}\nchecks: [content]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "drawing.yaml").write_text(CHECKED + "on_fail: best\n")
    return tmp_path / "game"


def numbers(history: Any) -> list[int]:
    return [entry["number"] for entry in history["entries"]]


def test_the_history_has_what_every_client_made_and_makes_it_again(serve: Any, project: Path) -> None:
    with serve() as client:
        id = client.open(project)
        client.make(prompt="elsewhere")
        made = client.make(preset="drawing", prompt="a tree", negative="fog", project=id, count=2, seed=7)
        client.headers["X-Assetgen-Client"] = "blender"
        best = client.make(preset="drawing", prompt="a rock", project=id, draft=False, best_of=3)
        assert {event["attempt"] for event in best["events"] if event["event"] == "checked"} == {0, 1, 2}
    with serve() as client:
        rock, *trees = client.get(f"/history?project={id}")["entries"]
        assert rock["prompt"] == "a rock"
        tree = next(entry for entry in trees if entry["number"] == 2)
        facts = ("job", "preset", "prompt", "negative", "seed", "width", "height", "missing")
        assert [tree[key] for key in facts] == [made["id"], "drawing", "a tree", "fog", 8, 16, 24, []]
        assert 0 <= tree["score"] <= 1
        [file] = tree["files"]
        again = client.wait(client.job(**tree["request"]))
        [other] = again["files"]
        pictures = [
            client.request("GET", f"/jobs/{id}/files/{path}").body
            for id, path in (
                (made["id"], file["path"]),
                (again["id"], other["path"]),
            )
        ]
        assert np.array_equal(*map(decode_image, pictures))
        assert [entry["prompt"] for entry in client.get("/history")["entries"]] == ["elsewhere"]


def test_the_history_is_searched_and_read_in_pages(client: Any) -> None:
    client.make(prompt="a Red DRAGON", seed=5, count=3)
    client.make(prompt="a blue fish", preset="item_icon", seed=77)
    for words, found in (("dragon red", 3), ("fish", 1), ("ITEM_icon", 1), ("77", 1), ("dragon 7", 1), ("100%", 0)):
        assert len(client.get(f"/history?search={words.replace(' ', '+').replace('%', '%25')}")["entries"]) == found
    first = client.get("/history?limit=3")
    rest = client.get(f"/history?limit=3&before={first['entries'][-1]['made']}")
    assert (first["more"], rest["more"]) == (True, False)
    assert len(first["entries"] + rest["entries"]) == 4
    made = [entry["made"] for entry in first["entries"] + rest["entries"]]
    assert sorted(made, reverse=True) == made


@pytest.mark.parametrize(
    ("steps", "kind", "facts"),
    [
        ("[]", "picture", {}),
        ("[seamless]", "tile", {}),
        ("[seamless, {panel: {border: 4, radius: 4}}]", "panel", {}),
        ("[pixelate]", "picture", {"pixel": True}),
        ("[{bob: {frames: 6}}]", "animation", {"frames": 6, "loop": True}),
    ],
)
def test_presets_entries_and_files_have_how_to_show_them(
    shared: Any, tmp_path: Path, steps: str, kind: str, facts: dict[str, Any]
) -> None:
    source = 'source: {fake: {prompt: "{prompt}", size: [96, 64]}}'
    (tmp_path / "shown.yaml").write_text(f"preset: shown\nuse: sprite\n{source}\nsteps: {steps}\n")
    id = shared.open(tmp_path)
    expected = shared.get(f"/presets/shown?project={id}")["shows"]
    assert shared.make(preset="shown", project=id)["failures"] == []
    [entry] = shared.get(f"/history?project={id}")["entries"]
    color = next(file for file in entry["files"] if file["channel"] == "color")
    assert (expected["kind"], entry["shows"]["kind"], color["shows"]) == (kind, kind, entry["shows"])
    assert {**expected, **entry["shows"], **facts} == {**expected, **entry["shows"]}
    if kind == "panel":
        assert len(entry["shows"]["margins"]) == 4
    if kind == "animation":
        cells = entry["shows"]["columns"], entry["shows"]["rows"]
        assert (cells[0] * cells[1] >= 6, len(entry["shows"]["durations"])) == (True, 6)
        assert (entry["width"] % cells[0], entry["height"] % cells[1]) == (0, 0)


def test_an_entry_is_removed_with_its_files_only(client: Any, tmp_path: Path) -> None:
    job = client.make(count=3)["id"]
    assert client.request("DELETE", f"/history/{job}/2").json == {}
    assert sorted(numbers(client.get("/history"))) == [1, 3]
    assert sorted(file["number"] for file in client.get(f"/jobs/{job}")["files"]) == [1, 3]
    assert sorted(path.name for path in (tmp_path / "data/jobs" / job).glob("*.png")) == [
        "a_red_dragon_01.png",
        "a_red_dragon_03.png",
    ]
    assert client.request("DELETE", f"/history/{job}/2").status == 404


def test_an_entry_whose_file_or_preset_is_gone_is_still_listed(client: Any, project: Path, tmp_path: Path) -> None:
    made = client.make(preset="drawing", project=client.open(project))
    [file] = made["files"]
    (tmp_path / "data/jobs" / made["id"] / file["path"]).unlink()
    (project / "drawing.yaml").rename(project / "drawings.yaml")
    (project / "drawings.yaml").write_text(CHECKED.replace("drawing", "drawings"))
    [entry] = client.get(f"/history?project={client.open(project)}")["entries"]
    assert entry["missing"] == [file["path"]]
    gone = client.request("GET", f"/jobs/{made['id']}/files/{file['path']}")
    assert (gone.status, gone.error["what"]) == (404, f"'{file['path']}' is gone or has changed since the job made it")
    again = client.request("POST", "/jobs", entry["request"])
    assert (again.status, again.error["cure"]) == (422, "Did you mean 'drawings'?")


def test_entries_outlive_old_jobs_until_they_are_too_many_or_too_large(serve: Any, tmp_path: Path) -> None:
    with serve() as client:
        old, new = client.make(count=3, seed=1), client.make(count=2, seed=9)
    jobs, folder = Jobs(tmp_path / "data/jobs.sqlite", Notifier()), tmp_path / "data"
    try:
        assert jobs.drop_old(time.time() + 1e9) == []
        assert (len(jobs.files(old["id"])), jobs.events(old["id"], 0)) == (3, [])
        drop_excess(jobs, folder, most=3)
        assert [len(list((folder / "jobs" / job["id"]).glob("*.png"))) for job in (old, new)] == [1, 2]
        drop_excess(jobs, folder, most_bytes=sum(file["bytes"] for file in new["files"]))
        assert jobs.drop_old(time.time() + 1e9) == [old["id"]]
        assert len(jobs.files(new["id"])) == 2
    finally:
        jobs.close()
