"""The server matches its OpenAPI description, tested by schemathesis with valid and invalid requests."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PHASES = ["--phases", "examples,fuzzing,stateful", "--max-examples", "12", "--generation-deterministic"]
REASONED = "positive_data_acceptance"
"""Excluded: a preset's name or a mesh's bytes can be invalid in ways that no schema describes."""


@pytest.mark.slow
def test_the_server_matches_its_description(daemon: Any, tmp_path: Path) -> None:
    pytest.importorskip("schemathesis", reason="pip install schemathesis")
    process, client = daemon()
    arguments = [f"{client.state.url}/openapi.json", "-H", f"Authorization: Bearer {client.state.token}"]
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "run", *arguments, *PHASES, "--exclude-checks", REASONED, "--exclude-path", "/api/v1/shutdown"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    assert process.poll() is None
    assert client.make()["status"] == "done"


def test_requests_have_titles_and_examples(shared: Any) -> None:
    described = shared.get("/openapi.json")
    schemas = described["components"]["schemas"]
    assert schemas["Make"]["properties"]["preset"]["examples"] == ["pixel_sprite"]
    assert schemas["Pick"]["properties"]["number"]["anyOf"][0]["minimum"] == 1
    assert [name for name, schema in schemas.items() if not schema.get("title")] == ["JsonValue"]
    assert described["security"] == [{"token": []}]
    assert described["paths"]["/api/v1/status"]["get"]["security"] == []


@pytest.mark.parametrize(("path", "methods"), [("/jobs", "GET, POST"), ("/jobs/x", "DELETE, GET"), ("/status", "GET")])
def test_an_unknown_method_gets_the_allowed_ones(shared: Any, path: str, methods: str) -> None:
    response = shared.request("PUT", path)
    assert (response.status, response.headers["allow"]) == (405, methods)
