"""`assetgen models get` against a local server that speaks the hub's API."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
Get = Callable[..., subprocess.CompletedProcess[str]]
NEEDED = {
    "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors", "vae/config.json",
    "vae/diffusion_pytorch_model.fp16.safetensors", "tokenizer/vocab.json", "tokenizer/merges.txt", "style.safetensors",
}  # fmt: skip
"""The files that a build with the variant fp16 reads."""


CHUNK = 10 * 1024 * 1024
"""Bytes that huggingface_hub writes at once."""


def enlarged(weights: bytes, by: int) -> bytes:
    """The same safetensors file with a larger tensor."""
    length = int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8 : 8 + length])
    header["w"]["data_offsets"][1] += by
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + weights[8 + length :] + bytes(by)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr, done.stderr
    return " ".join(done.stderr.split())


def test_only_the_files_that_a_build_needs_are_downloaded(get: Get, hub: Any) -> None:
    done = get("--yes")
    assert (done.returncode, set(hub.downloaded())) == (0, NEEDED), done.stderr
    assert "own is here, and its digests are the hub's" in done.stdout
    assert "in 8 files of maker/model, maker/lora into" in done.stderr
    assert "Licence: Apache-2.0" in done.stderr


def test_controls_are_downloaded_on_request(get: Get, hub: Any) -> None:
    done = get("--yes", "--controls", "depth")
    assert done.returncode == 0, done.stderr
    assert set(hub.downloaded()) == NEEDED | {"config.json", "diffusion_pytorch_model.fp16.safetensors"}


def test_an_unknown_control_is_bad_input(get: Get) -> None:
    done = get("--yes", "--controls", "deepth")
    assert (done.returncode, one_sentence(done)) == (
        2,
        "assetgen: --controls: model 'own' has no control 'deepth'. Did you mean 'depth'?",
    )


def test_without_the_variant_files_of_other_variants_are_left_out(get: Get, hub: Any, tmp_path: Path) -> None:
    card = tmp_path / "models/own.yaml"
    card.write_text(card.read_text().replace(", variant: fp16}\nlicence", "}\nlicence"))
    assert get("--yes").returncode == 0
    assert {path for path in hub.downloaded() if path.startswith("unet")} == {
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    }


def test_weights_of_a_replaced_component_are_left_out(get: Get, hub: Any, tmp_path: Path) -> None:
    own = {
        "config.json": b"{}",
        "diffusion_pytorch_model.safetensors": hub.repositories["maker/lora"]["style.safetensors"],
    }
    hub.repositories["maker/vae"] = own
    with (tmp_path / "models/own.yaml").open("a") as card:
        card.write(f"vae: {{hub: maker/vae, revision: {COMMIT}}}\n")
    assert get("--yes").returncode == 0
    assert "vae/diffusion_pytorch_model.fp16.safetensors" not in hub.downloaded()
    assert {"vae/config.json", "diffusion_pytorch_model.safetensors"} <= set(hub.downloaded())


def test_a_downloaded_model_is_here_for_list_and_verify(get: Get) -> None:
    assert get("--yes", "--controls", "all").returncode == 0
    listed = get(command=("models", "list"))
    [row] = [line for line in listed.stdout.splitlines() if line.startswith("own ")]
    assert "not here" not in row and " here" in row
    assert get(command=("models", "verify", "own")).returncode == 0


def test_control_networks_that_are_not_here_are_listed_by_verify(get: Get) -> None:
    assert get("--yes").returncode == 0
    done = get(command=("models", "verify", "own"))
    missing = (
        "own: control networks that are not here: depth. While online, run: assetgen models get own --controls depth; "
        "or copy it from another machine (docs/models.md)"
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, missing)
    assert done.stdout.startswith("own: no digest in the card (")


def test_a_snapshot_that_was_downloaded_with_patterns_is_here(get: Get, hub: Any, tmp_path: Path) -> None:
    """huggingface_hub reports such a snapshot as incomplete."""
    card = tmp_path / "models/own.yaml"
    card.write_text("".join(line for line in card.read_text().splitlines(True) if not line.startswith("loras")))
    patterns = "allow_patterns=['*.json', '*.txt', '*.fp16.safetensors']"
    code = f"from huggingface_hub import *; snapshot_download('maker/model', revision='{COMMIT}', {patterns})"
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    [row] = [line for line in get(command=("models", "list")).stdout.splitlines() if line.startswith("own ")]
    assert row.endswith(" here") and not row.endswith("not here")


def test_finished_files_are_not_downloaded_again(get: Get, hub: Any) -> None:
    assert get("--yes").returncode == 0
    hub.requests.clear()
    done = get()
    assert (done.returncode, hub.downloaded()) == (0, [])
    assert "own: all 8 files are here; their digests are compared" in done.stderr


def test_a_broken_connection_continues_where_it_broke(get: Get, hub: Any) -> None:
    file = "unet/diffusion_pytorch_model.fp16.safetensors"
    whole = hub.repositories["maker/model"][file]
    hub.repositories["maker/model"][file] = enlarged(whole, by=CHUNK + 2000)
    hub.broken[file] = [CHUNK + 1000]
    done = get("--yes")
    assert done.returncode == 0, done.stderr
    assert f"bytes={CHUNK}-" in [each for _, path, each in hub.requests if path.endswith(file)]


def test_a_connection_that_stays_broken_is_one_sentence_and_keeps_finished_files(get: Get, hub: Any) -> None:
    hub.broken["vae/diffusion_pytorch_model.fp16.safetensors"] = [0] * 6
    done = get("--yes")
    assert done.returncode == 3
    assert "the download from 'maker/model' broke off (" in one_sentence(done)
    assert "run the same command again: finished files are kept" in one_sentence(done)
    hub.requests.clear()
    assert get("--yes").returncode == 0
    assert "unet/diffusion_pytorch_model.fp16.safetensors" not in hub.downloaded()


def test_an_interrupted_download_names_the_command_that_continues_it(start: Any, get: Get, hub: Any) -> None:
    file = "vae/diffusion_pytorch_model.fp16.safetensors"
    hub.stalled.add(file)
    program = start("--yes", "--controls", "depth")
    while file not in hub.downloaded():
        time.sleep(0.05)
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=60)
    assert (program.returncode, "Traceback" in err) == (130, False), err
    assert re.search(r"interrupted; `assetgen models get own --controls depth --pack \S+` continues after", err)
    hub.released.set()
    hub.stalled.clear()
    hub.requests.clear()
    assert get("--yes").returncode == 0
    assert "unet/diffusion_pytorch_model.fp16.safetensors" not in hub.downloaded()


def test_nothing_is_downloaded_without_a_terminal_or_yes(get: Get, hub: Any) -> None:
    done = get()
    assert (done.returncode, hub.downloaded()) == (2, ["model_index.json"])  # to find the components
    [row] = [line for line in get(command=("models", "list")).stdout.splitlines() if line.startswith("own ")]
    assert row.endswith(" not here")
    assert one_sentence(done).endswith("assetgen: nothing is downloaded without confirmation. Add --yes.")


def test_a_declined_download_is_cancelled(start: Any, hub: Any) -> None:
    terminal, inside = pty.openpty()
    os.write(terminal, b"n\n")
    program = start("--controls", "depth", stdin=inside)
    _, err = program.communicate(timeout=60)
    assert (program.returncode, hub.downloaded(), "Download?" in err) == (130, ["model_index.json"], True)


def test_gated_weights_name_the_page_and_the_login(get: Get, hub: Any) -> None:
    hub.gated.add("maker/model")
    done = get("--yes")
    sentence = (
        "assetgen: 'maker/model' is gated: its files are only for accounts with access. Accept its licence at "
        "https://huggingface.co/maker/model, log in with `hf auth login` or set HF_TOKEN, and run the same command "
        "again."
    )
    assert (done.returncode, one_sentence(done)) == (3, sentence)


def test_a_model_that_is_here_can_be_used_offline(get: Get, hub: Any) -> None:
    assert get("--yes").returncode == 0
    done = get("--yes", HF_HUB_OFFLINE="1")
    assert (done.returncode, "huggingface_hub is in offline mode" in done.stderr) == (3, True)
    assert " here" in get(command=("models", "list"), HF_HUB_OFFLINE="1").stdout


def test_a_hub_that_cannot_be_reached_is_one_sentence(get: Get) -> None:
    done = get("--yes", HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 3
    assert "the download from 'maker/model' broke off (" in one_sentence(done)
    assert "Check the network" in one_sentence(done)


@pytest.mark.parametrize(
    ("old", "new", "code", "sentence"),
    [
        ("maker/model", "maker/nothing", 3, "the hub has no repository 'maker/nothing', or it is private"),
        (
            f"model, revision: {COMMIT}",
            f"model, revision: {'f' * 40}",
            2,
            f"'maker/model' has no revision '{'f' * 40}'",
        ),
        ("file: style.safetensors", "file: gone.safetensors", 2, "'maker/lora' has no file 'gone.safetensors'"),
    ],
)
def test_what_the_hub_does_not_have_is_named(
    get: Get, tmp_path: Path, old: str, new: str, code: int, sentence: str
) -> None:
    card = tmp_path / "models/own.yaml"
    card.write_text(card.read_text().replace(old, new))
    done = get("--yes")
    assert (done.returncode, sentence in one_sentence(done)) == (code, True), done.stderr


def test_a_damaged_file_is_removed_and_downloaded_again(get: Get, hub: Any) -> None:
    hub.damaged.add("vae/diffusion_pytorch_model.fp16.safetensors")
    done = get("--yes")
    assert done.returncode == 3
    assert "fp16.safetensors' of 'maker/model' arrived damaged, and was removed" in one_sentence(done)
    hub.damaged.clear()
    assert get("--yes").returncode == 0


def test_progress_is_json_on_request(get: Get) -> None:
    done = get("--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in events} == {"downloading"}
    assert (events[-1]["done"], done.returncode) == (events[-1]["total"], 0)
    assert [event["done"] for event in events] == sorted(event["done"] for event in events)


def test_a_detector_is_downloaded_by_the_name_of_its_control(get: Get, hub: Any) -> None:
    done = get("--yes", command=("models", "get", "hed"))
    assert done.returncode == 3
    assert "the hub has no repository 'lllyasviel/Annotators'" in one_sentence(done)


def test_a_model_without_hub_weights_has_nothing_to_download(get: Get) -> None:
    done = get("--yes", command=("models", "get", "mini"))
    assert (done.returncode, "'mini' has no weights on the hub" in done.stderr) == (2, True)


def test_an_unknown_model_names_the_option_for_packs(get: Get) -> None:
    done = get("--yes", command=("models", "get", "onw"))
    assert (done.returncode, one_sentence(done)) == (
        2,
        "assetgen: there is no model 'onw'. Did you mean 'own'? `--pack PACK` also finds models beside a pack.",
    )
