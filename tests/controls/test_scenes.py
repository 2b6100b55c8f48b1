"""Pictures that sampling starts from: drawn landscapes, and shaded renders of meshes."""

from pathlib import Path

import numpy as np
import pytest

from assetgen.controls._mood import mood_of, words_in
from assetgen.controls._places import place_of
from assetgen.controls.depth import depth
from assetgen.controls.scene import scene
from assetgen.controls.shaded import shaded
from assetgen.errors import InputError
from assetgen.images import Array
from assetgen.parts import InputFile

KEEP = Path(__file__).parents[2] / "examples/dungeon/keep.glb"
SIZE = (64, 48)


def drawn(prompt: str, seed: int = 0) -> Array:
    return scene(prompt=prompt, seed=seed, size=SIZE)["color"]


def rendered(prompt: str) -> Array:
    mesh = InputFile.model_validate(KEEP)
    return shaded(mesh=mesh, prompt=prompt, size=SIZE, azimuth=35, elevation=15)["color"]


@pytest.mark.parametrize(
    ("prompt", "name", "hero"),
    [
        ("snowy mountains", "mountains", ""),
        ("a harbour town at night", "sea", "town"),
        ("a desert canyon at noon", "canyon", ""),
        ("a castle in a pine forest", "forest", "castle"),
        ("something", "plains", ""),
    ],
)
def test_words_choose_the_place_and_what_stands_in_it(prompt: str, name: str, hero: str) -> None:
    place = place_of(words_in(prompt), "plains")
    assert (place.name, place.hero) == (name, hero)


def test_words_choose_light_and_weather() -> None:
    night, fog, storm = (mood_of(words_in(f"a house at {word}")) for word in ("night", "night in fog", "night, storm"))
    assert night.is_dark
    assert fog.is_dark
    assert fog.haze < night.haze
    assert storm.cover > night.cover


def test_a_scene_is_the_same_for_one_seed_and_differs_for_another() -> None:
    first = drawn("a castle by a lake, day")
    assert np.array_equal(first, drawn("a castle by a lake, day"))
    assert not np.array_equal(first, drawn("a castle by a lake, day", 1))


def test_night_is_dark_and_deserts_are_warm() -> None:
    desert, night = (drawn(prompt).reshape(-1, 3).mean(axis=0) for prompt in ("a desert at noon", "a desert at night"))
    assert night.mean() < 0.6 * desert.mean()
    assert desert[0] > desert[2]


def test_a_panorama_joins_at_its_sides() -> None:
    picture = scene(prompt="sunset clouds over a pine forest", size=(192, 48), tile="x")["color"].astype(float)
    steps = np.abs(np.diff(picture, axis=1, append=picture[:, :1])).mean(axis=(0, 2))
    assert steps[-1] < steps.max()


def test_a_shaded_mesh_covers_what_its_depth_covers() -> None:
    mesh = InputFile.model_validate(KEEP)
    seen = depth(mesh=mesh, size=SIZE, azimuth=35, elevation=15, ground=False)["depth"][..., 0] > 0
    red, grey = rendered("a red castle, day").astype(float), rendered("a castle, day").astype(float)
    change = np.abs(red - grey).sum(axis=2) > 24
    assert (change & seen).sum() > 0.8 * change.sum()
    assert change[seen].mean() > 0.6


def test_an_error_names_the_mesh(tmp_path: Path) -> None:
    (tmp_path / "bad.obj").write_text("v 0 0 0\n")
    with pytest.raises(InputError, match=r"bad\.obj"):
        shaded(mesh=InputFile.model_validate(tmp_path / "bad.obj"), size=SIZE)
