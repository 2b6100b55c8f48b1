"""The files of `examples/cluster` are valid."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from assetgen.cli.commands import app

EXAMPLE = Path(__file__).parents[2] / "examples/cluster"


@pytest.mark.parametrize("name", ["cluster.yaml", "on-prem.yaml"])
def test_a_cluster_file_starts_a_head_without_cores_and_workers_that_join_it(name: str) -> None:
    file = yaml.safe_load((EXAMPLE / name).read_text())
    assert "--head" in file["head_start_ray_commands"][-1] and "--num-cpus=0" in file["head_start_ray_commands"][-1]
    assert "--address=$RAY_HEAD_IP:6379" in file["worker_start_ray_commands"][-1]


def test_the_nightly_script_uses_existing_options() -> None:
    [arguments] = re.findall(r"assetgen build (.*)", (EXAMPLE / "nightly.sh").read_text())
    known = {option for each in typer.main.get_command(app).commands["build"].params for option in each.opts}  # type: ignore[attr-defined]
    assert set(re.findall(r"--[a-z]+", arguments)) <= known
