"""When compiling pays: for many pictures of a shape whose pace is known, and sooner where it was done before."""

from pathlib import Path

import pytest

from assetgen.diffusion.speed.compiling import Compiler

PARAMETERS = 860_000_000  # of Stable Diffusion 1.5


def drew(compiler: Compiler, *seconds: float) -> Compiler:
    for each in seconds:
        compiler.drew("512", each * 8, 8)
    return compiler


def test_it_pays_for_thousands_and_not_for_a_hundred() -> None:
    compiler = drew(Compiler("it", PARAMETERS, True), 9.0, 0.16, 0.17)
    assert compiler.pays("512", 3000)
    assert not compiler.pays("512", 100)


def test_what_a_first_batch_takes_says_nothing() -> None:
    assert not drew(Compiler("it", PARAMETERS, True), 9.0).pays("512", 10**6)
    assert not Compiler("it", PARAMETERS, True).pays("512", 10**6)


def test_other_shapes_and_devices_that_gain_nothing_are_left_alone() -> None:
    assert not drew(Compiler("it", PARAMETERS, True), 1, 1).pays("768", 10**6)
    assert not drew(Compiler("it", PARAMETERS, False), 1, 1).pays("512", 10**6)


def test_what_it_cost_is_remembered_for_the_next_process() -> None:
    first = drew(Compiler("it", PARAMETERS, True), 1, 0.16)
    first.compiled.add("512")
    first.drew("512", 8 * 0.16 + 6.0, 8)
    again = drew(Compiler("it", PARAMETERS, True), 1, 0.16)
    assert again.pays("512", 300)
    assert not drew(Compiler("another", PARAMETERS, True), 1, 0.16).pays("512", 300)


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    compiler = drew(Compiler("it", PARAMETERS, True), 1, 0.16)
    compiler.compiled.add("512")
    compiler.drew("512", 50.0, 8)
    assert not drew(Compiler("it", PARAMETERS, True), 1, 0.16).pays("512", 100)


def test_a_small_network_takes_as_long_to_compile_as_one_of_many_layers() -> None:
    assert not drew(Compiler("it", 1000, True), 1, 0.05).pays("512", 1000)
