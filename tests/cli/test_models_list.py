"""`assetgen models list`, the missing weights of `assetgen plan`, and `assetgen doctor`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.cli.doctor import missing_weights

Run = Callable[..., tuple[int, str, str]]
CARD = """
model: own
about: A model for tests
family: flux
weights: {hub: maker/model, revision: "0000000000000000000000000000000000000000"}
licence: Community
commercial: {below_revenue: 1000000 USD, requires: [ai_disclosure]}
not_in: [EU, KR]
facts: {download: 19.1, gated: true, parameters: {transformer: 6.0, vae: 0.1}, seconds: {H200: 0.9}}
native: [1024, 1024]
defaults: {steps: 8}
"""
PACK = "pack: p\nmodel: own\nassets: {a: {preset: painted_concept, prompt: x}}\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pack and the card of a model that is not on this machine."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models/own.yaml").write_text(CARD)
    (tmp_path / "pack.yaml").write_text(PACK)
    return tmp_path


def test_the_table_shows_what_a_card_states_and_what_is_computed(assetgen: Run, own: Path) -> None:
    lines = assetgen("models", "list", "--pack", own)[1].splitlines()
    [row] = [line for line in lines if line.startswith("own ")]
    columns = ["own", "below", "1M", "USD,", "not", "EU", "KR", "19.1", "~15.5", "~15.3", "~6.6", "8", "0.9", "H200"]
    assert row.split() == [*columns, "gated"]
    notes = "(commercial use below 1,000,000 USD revenue a year; requires AI disclosure; not in EU, KR)"
    assert f"own: Community {notes}" in lines


def test_the_shipped_models_fit_into_100_columns(assetgen: Run) -> None:
    table = assetgen("models", "list")[1].partition("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 100
    assert [line for line in table if line.startswith("mini ") and line.endswith(" here")]


def test_a_download_that_the_card_does_not_state_is_computed(assetgen: Run, own: Path) -> None:
    (own / "models/own.yaml").write_text(CARD.replace("download: 19.1, ", ""))
    [row] = [line for line in assetgen("models", "list", "--pack", own)[1].splitlines() if line.startswith("own ")]
    assert row.split()[7] == "~12.2"


def test_text_of_cards_is_printed_with_escapes(assetgen: Run, own: Path) -> None:
    card = CARD.replace("licence: Community", 'licence: "Com\\e[31mmunity"')
    (own / "models/own.yaml").write_text(card)
    out = assetgen("models", "list", "--pack", own)[1]
    assert "own: Com\\x1b[31mmunity (" in out and "\x1b" not in out


def test_a_card_that_cannot_be_used_is_listed_with_the_reason(assetgen: Run, own: Path) -> None:
    (own / "models/own.yaml").write_text(CARD.replace("licence: Community\n", ""))
    code, out, _ = assetgen("models", "list", "--pack", own)
    [note] = [line for line in out.splitlines() if line.startswith("own: cannot be used: ")]
    assert (code, "'licence' is missing" in note) == (0, True)


def test_json_has_one_object_a_model(assetgen: Run, own: Path) -> None:
    lines = assetgen("models", "list", "--json", "--pack", own)[1].splitlines()
    found = {each["model"]: each for each in map(json.loads, lines)}
    assert found["own"]["commercial"] == {"below_revenue": "1000000 USD", "requires": ["ai_disclosure"]}
    assert (found["own"]["facts"]["gated"], found["own"]["weights"]) == (True, "not here")
    assert found["mini"]["memory_bytes"]["resident"] > found["mini"]["memory_bytes"]["offloaded"]


def test_every_shipped_card_of_the_hub_states_its_parameters(assetgen: Run) -> None:
    found = [json.loads(line) for line in assetgen("models", "list", "--json")[1].splitlines()]
    assert [each["model"] for each in found if each["weights"] != "here" and not each["memory_bytes"]] == []


def test_plan_names_missing_weights_and_their_size(assetgen: Run, own: Path) -> None:
    where = ("--game", own / "game", "--store", own / "store")
    code, out, _ = assetgen("plan", own, *where)
    assert (code, out.splitlines()[-1]) == (
        0,
        "model 'own' cannot be loaded yet (19.1 GB): model 'own' lacks 1 download on this machine: 'maker/model' is "
        f"not in '{own / 'hub'}'. While online, run: assetgen models get own; or copy it from another machine "
        "(docs/models.md).",
    )
    events = [json.loads(line) for line in assetgen("plan", own, "--json", *where)[1].splitlines()]
    [weights] = [event for event in events if event["event"] == "weights"]
    assert (weights["model"], weights["download"]) == ("own", 19.1)


def test_plan_of_a_model_that_is_here_names_no_weights(assetgen: Run, own: Path) -> None:
    (own / "pack.yaml").write_text(PACK.replace("own", "mini"))
    out = assetgen("plan", own, "--game", own / "game", "--store", own / "store")[1]
    assert "cannot be loaded" not in out


def test_doctor_with_bad_settings_of_the_studio_names_them(assetgen: Run, tmp_path: Path) -> None:
    from assetgen.machine import user_settings

    user_settings().parent.mkdir(parents=True, exist_ok=True)
    user_settings().write_text("studio: {revenue: much}\n")
    code, out, err = assetgen("doctor", "--store", tmp_path / "store")
    assert (code, "settings.yaml:1" in err, "cannot be generated" in out) == (2, True, False)


def test_doctor_names_the_missing_weights_of_the_pack_in_a_folder(own: Path) -> None:
    missing = missing_weights(own)
    assert missing and "model 'own' lacks 1 download on this machine: 'maker/model' is not in" in missing[0].what
    assert (missing[0].exit_code, missing[1]) == (3, "assetgen models get own")


def test_doctor_needs_no_pack_and_accepts_one_whose_model_is_here(own: Path) -> None:
    assert missing_weights(own / "models") is None
    (own / "pack.yaml").write_text(PACK.replace("own", "mini"))
    assert missing_weights(own) is None


@pytest.mark.slow
@pytest.mark.model
def test_doctor_in_a_folder_with_a_pack_is_not_ready_without_its_weights(
    assetgen: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own)
    code, out, err = assetgen("doctor", "--json", "--store", own / "store")
    found = json.loads(out)
    assert (code, found["next"]) == (3, "assetgen models get own")
    assert found["verdict"].startswith("not ready for the pack in this folder: model 'own' lacks")
    assert "measuring images with model 'mini', up to two minutes" in err


@pytest.mark.slow
@pytest.mark.model
def test_doctor_ends_with_a_model_for_this_machine_and_the_next_command(assetgen: Run, tmp_path: Path) -> None:
    code, out, _ = assetgen("doctor", "--json", "--store", tmp_path / "store")
    found = json.loads(out)
    assert code == 0
    assert list(found)[-2:] == ["verdict", "next"]
    assert found["next"].startswith("assetgen ") and " GB free " in found["disk"]
    assert {"torch", "Godot", "Blender", "GPU", "RAM", "cost", "model"} <= set(found)
