"""Finding Blender, and the errors where it is missing, too old or another program."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.errors import AssetgenError, InputError, NotInstalledError
from assetgen.install.blender_program import find_blender, install_extension


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    """Write a program that is not Blender."""

    def write(text: str, name: str = "program") -> Path:
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
        return tmp_path / name

    return write


def test_the_newest_of_several_versions_is_found(tmp_path: Path) -> None:
    for version in ("4.2", "4.10", "4.9"):
        (tmp_path / f"blender-{version}").mkdir()
        (tmp_path / f"blender-{version}/blender").touch()
    newest = tmp_path / "blender-4.10/blender"
    assert find_blender(["~/nowhere/blender", "~/blender*/blender"], tmp_path) == newest
    assert find_blender([f"{tmp_path}/blender*/blender"], Path("/")) == newest
    assert find_blender(["~/nowhere/blender"], tmp_path) is None


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            "echo Blender 3.6.1",
            NotInstalledError,
            "is Blender 3.6, and extensions need 4.2. In Blender 4.2 or newer choose",
        ),
        ("echo hello", InputError, "is not Blender. Pass Blender's program"),
        ("exit 1", InputError, "is not Blender"),
        (
            "echo Blender 5.0.1\necho ERROR torn zip",
            NotInstalledError,
            "did not install the extension (ERROR torn zip). In",
        ),
        (
            "echo Blender 5.0.1\necho 'STATUS Installed \"x\"'\ntest $1 = --version",
            NotInstalledError,
            "extension (STATUS",
        ),
    ],
)
def test_a_program_that_cannot_install_an_extension_is_an_error(
    script: Callable[[str], Path], tmp_path: Path, text: str, kind: type[AssetgenError], message: str
) -> None:
    with pytest.raises(kind) as refused:
        install_extension(script(text), tmp_path / "x.zip")
    assert message in str(refused.value)


@pytest.mark.parametrize("name", ["nowhere", "folder", "text"])
def test_a_program_that_cannot_be_started_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no program")
    with pytest.raises(InputError, match="cannot start"):
        install_extension(tmp_path / name, tmp_path / "x.zip")
