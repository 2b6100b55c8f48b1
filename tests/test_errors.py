"""Where, what, cure."""

from assetgen.errors import BuildError, InputError, NotInstalledError, PublishError


def test_an_error_says_where_what_and_cure_in_one_line() -> None:
    error = InputError("unknown key 'cel'", where="pack.yaml:12", cure="Did you mean 'cell'?")
    assert str(error) == "pack.yaml:12: unknown key 'cel'. Did you mean 'cell'?"


def test_a_place_is_added_once() -> None:
    assert InputError("x").at("a:1").at("b:2").where == "a:1"


def test_exit_codes_tell_failures_apart() -> None:
    assert [kind("x").exit_code for kind in (BuildError, InputError, PublishError, NotInstalledError)] == [1, 2, 2, 3]
