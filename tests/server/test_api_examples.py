"""The examples of `plugins/API.md` match the responses of the real server."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from assetgen.server.requests import JOB_REQUESTS

PLUGINS = Path(__file__).parents[2] / "plugins"
EXAMPLES = sorted((PLUGINS / "examples").glob("*.json"))


def is_like(example: Any, actual: Any) -> bool:
    """Whether a response has the keys and types of an example. A list has items like those of the example; events of
    other kinds are ignored, because a queued job may already run."""
    if isinstance(example, dict):
        return isinstance(actual, dict) and all(key in actual and is_like(example[key], actual[key]) for key in example)
    if isinstance(example, list) and isinstance(actual, list):
        kinds = {each["event"] for each in example if isinstance(each, dict) and "event" in each}
        compared = [item for item in actual if not kinds or item.get("event") in kinds]
        return all(any(is_like(each, item) for each in example) for item in compared)
    numbers = isinstance(example, int | float) and isinstance(actual, int | float)
    return example is None or actual is None or numbers or type(example) is type(actual)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_server_responds_like_the_example(shared: Any, tmp_path: Path, path: Path) -> None:
    example = json.loads(path.read_text())
    (tmp_path / "project.godot").touch()
    shared.open(tmp_path)
    request = json.loads(json.dumps(example["request"]).replace("/home/ann/my-game", str(tmp_path)))
    made = shared.make(count=2) if "JOB" in request["path"] else {"id": ""}
    response = shared.request(
        request["method"], request["path"].replace("/api/v1", "").replace("JOB", made["id"]), request.get("body")
    )
    assert response.status == example["answer"]["status"]
    assert is_like(example["answer"]["body"], response.json), response.json
    if example["answer"]["status"] >= 400 and example["answer"]["body"]["error"]["what"]:
        assert response.json == example["answer"]["body"]
    if isinstance(response.json, dict):
        assert set(response.json) == set(example["answer"]["body"])


def test_the_contract_names_every_kind_with_every_field() -> None:
    text = (PLUGINS / "API.md").read_text()
    for kind, model in JOB_REQUESTS.items():
        [row] = re.findall(rf"^\| `{kind}` \|.*$", text, re.MULTILINE)
        assert [field for field in model.model_fields if field != "kind" and f"`{field}" not in row] == []


def test_the_contract_names_every_endpoint(shared: Any) -> None:
    text = (PLUGINS / "API.md").read_text().replace("history/ID", "history/{job}").replace("ID", "{id}")
    text = text.replace("NAME", "{name}").replace("PATH", "{path}").replace("NUMBER", "{number}")
    assert [path for path in shared.get("/openapi.json")["paths"] if path not in text] == []
