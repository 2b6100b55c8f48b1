"""Measured times of past builds, and forecasts from them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assetgen.build.attempts import Attempt
from assetgen.build.history import FINISHING, LOADING, Measurement, forecast, group_of, measured, read_history, record
from assetgen.events import Drawn, Finished
from assetgen.pack.library import PackFile
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack

WritePack = Callable[[str], PackFile]
PACK = "pack: p\nassets:\n  a: {preset: sprite, prompt: x}\n  b: {preset: sprite, prompt: y, seed: 4}\n"
BIG = "  big: {preset: sprite, prompt: x, diffusion: {size: [256, 256]}}\n"
OLD = Measurement(10.0, 300.0, 2_000, "gpu")


def drawn(seconds: float, memory: int = 2_000) -> Drawn:
    return Drawn(seconds=seconds, device="gpu", batch=4, slot=0, watts=300.0, memory=memory)


def done(published: int = 0, **profile: float) -> Finished:
    return Finished(seconds=9, published=published, reused=0, failed=0, sampled=0, profile=profile)


@pytest.fixture
def recipes(write_pack: WritePack) -> tuple[Recipe, ...]:
    """Two recipes of equal size and a larger one."""
    return resolve_pack(write_pack(PACK + BIG))


def test_measurements_are_read_back(tmp_path: Path) -> None:
    record(tmp_path / "cache/history.json", [("kind", OLD)])
    assert read_history(tmp_path / "cache/history.json") == {"kind": OLD}


def test_times_are_moving_averages_and_memory_is_the_maximum(tmp_path: Path) -> None:
    for past in (OLD, Measurement(20.0, 250.0, 1_000, "gpu")):
        record(tmp_path / "h.json", [("kind", past)])
    assert read_history(tmp_path / "h.json") == {"kind": Measurement(13.0, 250.0, 2_000, "gpu")}


def test_another_device_starts_a_new_history() -> None:
    assert OLD.updated(Measurement(90.0, 16.0, 0, "cpu")) == Measurement(90.0, 16.0, 0, "cpu")


def test_without_a_measurement_nothing_is_written(tmp_path: Path) -> None:
    record(tmp_path / "h.json", [])
    assert not (tmp_path / "h.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"k": 3}', '{"k": {"seconds": "fast"}}', '{"k": {"hours": 1}}'])
def test_a_damaged_history_is_ignored_and_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "h.json").write_text(text)
    assert read_history(tmp_path / "h.json") == {}
    record(tmp_path / "h.json", [("kind", OLD)])
    assert read_history(tmp_path / "h.json") == {"kind": OLD}


def test_a_history_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    record(tmp_path / "cache/history.json", [("kind", OLD)])


def test_size_defines_a_group_and_prompt_and_seed_do_not(recipes: tuple[Recipe, ...]) -> None:
    a, b, big = map(group_of, recipes)
    assert (a == b, a == big) == (True, False)


def test_a_build_measures_sampling_loading_and_finishing(recipes: tuple[Recipe, ...]) -> None:
    finished = done(published=2, sampling=13.0, steps=1.0, checks=0.5, export=0.25, publish=0.25)
    found = dict(measured([(recipes[0], drawn(4)), (recipes[0], drawn(4))], finished))
    assert found == {
        group_of(recipes[0]): Measurement(4, 300.0, 2_000, "gpu"),
        LOADING: Measurement(5.0),
        FINISHING: Measurement(1.0),
    }


def test_a_build_with_nothing_to_do_measures_nothing() -> None:
    assert list(measured([], done())) == []


def starts(recipes: Sequence[Recipe]) -> list[Attempt]:
    return [Attempt(recipe, 0) for recipe in recipes]


def test_a_forecast_sums_sampling_loading_and_finishing(recipes: tuple[Recipe, ...]) -> None:
    past = {group_of(recipes[0]): OLD, LOADING: Measurement(6.0), FINISHING: Measurement(0.5)}
    estimate = forecast(starts(recipes[:2]), 4, past)
    assert (estimate.seconds, estimate.memory, estimate.unknown) == (20 + 6 + 4 * 0.5, 2_000, 0)
    assert estimate.watt_hours == pytest.approx(20 * 300 / 3600)


def test_images_of_unmeasured_groups_are_counted(recipes: tuple[Recipe, ...]) -> None:
    estimate = forecast(starts(recipes), 3, {group_of(recipes[0]): OLD})
    assert (estimate.seconds, estimate.unknown) == (20, 1)


def test_a_forecast_without_sampling_has_no_loading_time(recipes: tuple[Recipe, ...]) -> None:
    estimate = forecast(starts(recipes[2:]), 0, {LOADING: Measurement(6.0)})
    assert (estimate.seconds, estimate.unknown) == (0, 1)


def test_drawings_and_atlases_do_not_count_as_model_images(write_pack: WritePack) -> None:
    recipes = resolve_pack(write_pack(PACK), draft=True)
    assert forecast(starts(recipes), 2, {FINISHING: Measurement(0.5)}).seconds == 1.0
    assert forecast(starts(recipes), 2, {}).unknown == 0
