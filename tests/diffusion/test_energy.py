"""Energy counters: differences of RAPL's, and zero where there is none."""

from pathlib import Path

import pytest

from assetgen.diffusion.speed.devices import Device
from assetgen.diffusion.speed.energy import EnergyMeter

CPU = Device("cpu", "cpu", None, 4)


def write_counters(folder: Path, *microjoules: int) -> None:
    for number, value in enumerate(microjoules):
        for name in (f"intel-rapl:{number}", f"intel-rapl:{number}:0"):
            (folder / name).mkdir(exist_ok=True)
            (folder / name / "energy_uj").write_text(f"{value}\n")


@pytest.mark.parametrize(("later", "joules"), [((3_000_000, 2_500_000), 3.5), ((10, 10), 0)])
def test_joules_are_the_difference_of_all_packages(tmp_path: Path, later: tuple[int, ...], joules: float) -> None:
    write_counters(tmp_path, 1_000_000, 1_000_000)
    meter = EnergyMeter(CPU, tmp_path)
    write_counters(tmp_path, *later)
    assert meter.joules() == joules


@pytest.mark.parametrize("name", ["cpu", "mps"])
def test_without_a_counter_no_energy_is_measured(tmp_path: Path, name: str) -> None:
    assert EnergyMeter(Device(name, name, None, 4), tmp_path).joules() == 0
