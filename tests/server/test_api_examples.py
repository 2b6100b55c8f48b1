"""`plugins/API.md` cannot lie: its examples are asked of the real server, and their answers are of the shape shown."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from assetgen.server.requests import KINDS

PLUGINS = Path(__file__).parents[2] / "plugins"
EXAMPLES = sorted((PLUGINS / "examples").glob("*.json"))


def like(shown: Any, said: Any) -> bool:
    """Whether an answer has the keys and types of an example; a list, the shape of the example's items. Events of kinds
    that it does not show may have come meanwhile: a job that was queued may already run."""
    if isinstance(shown, dict):
        return isinstance(said, dict) and all(key in said and like(shown[key], said[key]) for key in shown)
    if isinstance(shown, list) and isinstance(said, list):
        kinds = {each["event"] for each in shown if isinstance(each, dict) and "event" in each}
        meanwhile = [item for item in said if kinds and item.get("event") not in kinds]
        return all(any(like(each, item) for each in shown) for item in said if item not in meanwhile)
    numbers = isinstance(shown, int | float) and isinstance(said, int | float)
    return shown is None or said is None or numbers or type(shown) is type(said)


@pytest.mark.parametrize("place", EXAMPLES, ids=lambda place: place.stem)
def test_the_server_answers_as_the_example_shows(shared: Any, tmp_path: Path, place: Path) -> None:
    example = json.loads(place.read_text())
    (tmp_path / "project.godot").touch()
    shared.open(tmp_path)
    asked = json.loads(json.dumps(example["request"]).replace("/home/ann/my-game", str(tmp_path)))
    made = shared.make(count=2) if "JOB" in asked["path"] else {"id": ""}
    answer = shared.ask(
        asked["method"], asked["path"].replace("/api/v1", "").replace("JOB", made["id"]), asked.get("body")
    )
    assert answer.status == example["answer"]["status"]
    assert like(example["answer"]["body"], answer.json), answer.json
    if example["answer"]["status"] >= 400 and example["answer"]["body"]["error"]["what"]:
        assert answer.json == example["answer"]["body"]
    if isinstance(answer.json, dict):
        assert set(answer.json) == set(example["answer"]["body"])


def test_the_contract_names_every_kind_with_every_field() -> None:
    text = (PLUGINS / "API.md").read_text()
    for kind, model in KINDS.items():
        [row] = re.findall(rf"^\| `{kind}` \|.*$", text, re.MULTILINE)
        assert [field for field in model.model_fields if field != "kind" and f"`{field}" not in row] == []


def test_the_contract_names_every_endpoint(shared: Any) -> None:
    text = (PLUGINS / "API.md").read_text().replace("ID", "{id}").replace("NAME", "{name}").replace("PATH", "{path}")
    assert [path for path in shared.get("/openapi.json")["paths"] if path not in text] == []
