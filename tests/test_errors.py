"""Errors state where, what, and the cure."""

from assetgen.errors import BuildError, InputError, NotInstalledError, PublishError


def test_an_error_is_one_line_with_where_what_and_cure() -> None:
    error = InputError("unknown key 'cel'", where="pack.yaml:12", cure="Did you mean 'cell'?")
    assert str(error) == "pack.yaml:12: unknown key 'cel'. Did you mean 'cell'?"


def test_where_is_set_only_once() -> None:
    assert InputError("x").at("a:1").at("b:2").where == "a:1"


def test_each_kind_of_error_has_its_exit_code() -> None:
    assert [kind("x").exit_code for kind in (BuildError, InputError, PublishError, NotInstalledError)] == [1, 2, 2, 3]
