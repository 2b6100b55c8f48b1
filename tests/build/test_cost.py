"""The cost of sampling in USD and watt-hours."""

import pytest

from assetgen.build.cost import cost_of, summed
from assetgen.events import Drawn

HOUR_LONG = Drawn(asset="a", seconds=3600, device="cpu, 2 cores", batch=4, slot=1, watts=16.0)


def test_an_hour_costs_the_hourly_price_and_the_energy_of_an_hour() -> None:
    cost = cost_of(HOUR_LONG, 2.5)
    assert cost == {"seconds": 3600, "watt_hours": 16, "usd": 2.5, "device": "cpu, 2 cores", "batch": [4, 1]}


def test_without_a_price_the_cost_has_no_money() -> None:
    assert "usd" not in cost_of(HOUR_LONG, 0)


def test_without_measured_power_the_cost_has_no_energy() -> None:
    unmetered = Drawn(asset="a", seconds=3600, device="cpu, 2 cores", batch=4, slot=1, watts=0.0)
    assert "watt_hours" not in cost_of(unmetered, 0)


def test_attempts_are_summed_and_the_last_one_sets_the_device() -> None:
    last = Drawn(asset="a", seconds=1800, device="cuda", batch=1, slot=0, watts=300)
    total = summed([cost_of(HOUR_LONG, 2.0), cost_of(last, 2.0)])
    assert total == {"seconds": 5400, "watt_hours": 166, "usd": 3.0, "device": "cuda", "batch": [1, 0]}


def test_an_attempt_without_a_price_keeps_the_money_of_the_others() -> None:
    assert summed([cost_of(HOUR_LONG, 2.0), cost_of(HOUR_LONG, 0)])["usd"] == 2.0


def test_many_small_costs_are_summed_without_rounding_errors() -> None:
    assert summed([{"seconds": 0.1, "usd": 0.000001}] * 1000) == {"seconds": 100.0, "usd": pytest.approx(0.001)}


@pytest.mark.parametrize("costs", [[], [{}], [{}, {}]])
def test_without_sampling_there_is_no_cost(costs: list[dict[str, float]]) -> None:
    assert summed(costs) == {}
