"""What `examples/cluster` tells people to do can be done."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from assetgen.cli import app

EXAMPLE = Path(__file__).parents[2] / "examples/cluster"


@pytest.mark.parametrize("name", ["cluster.yaml", "on-prem.yaml"])
def test_a_cluster_file_starts_a_head_without_cores_and_workers_that_join_it(name: str) -> None:
    file = yaml.safe_load((EXAMPLE / name).read_text())
    assert "--head" in file["head_start_ray_commands"][-1] and "--num-cpus=0" in file["head_start_ray_commands"][-1]
    assert "--address=$RAY_HEAD_IP:6379" in file["worker_start_ray_commands"][-1]


def test_the_nightly_script_runs_a_command_that_there_is() -> None:
    [words] = re.findall(r"assetgen build (.*)", (EXAMPLE / "nightly.sh").read_text())
    known = {option for each in typer.main.get_command(app).commands["build"].params for option in each.opts}  # type: ignore[attr-defined]
    assert set(re.findall(r"--[a-z]+", words)) <= known


def test_the_simulation_makes_everything_though_workers_die() -> None:
    words = [sys.executable, str(EXAMPLE / "simulate.py"), "--assets", "2000", "--workers", "8", "--lifetime", "0.2"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=100, check=True).stdout
    assert told.startswith("2000 made, 0 failed, by 8 workers")
    [deaths] = re.findall(r"(\d+) workers lost", told)
    assert int(deaths) > 0
