"""Pictures that sampling starts from: drawn landscapes, and shaded renders of meshes."""

from pathlib import Path

import numpy as np
import pytest

from assetgen.controls._interiors import interior_of
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
        ("a harbour town at night", "sea", "harbour"),
        ("a desert canyon at noon", "canyon", ""),
        ("a castle in a pine forest", "forest", "castle"),
        ("an erupting volcano", "volcano", ""),
        ("a lighthouse at the coast", "sea", "lighthouse"),
        ("a waterfall in a forest", "waterfall", ""),
        ("a market street", "street", "street"),
        ("a fantasy city", "plains", "town"),
        ("something", "plains", ""),
    ],
)
def test_words_choose_the_place_and_what_stands_in_it(prompt: str, name: str, hero: str) -> None:
    place = place_of(words_in(prompt), "plains")
    assert (place.name, place.hero) == (name, hero)


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("a throne room", "throne"),
        ("castle interior", "throne"),
        ("a dungeon", "dungeon"),
        ("a castle", ""),
        ("an inn by the road", ""),
    ],
)
def test_words_choose_an_interior(prompt: str, kind: str) -> None:
    assert interior_of(words_in(prompt)) == kind


@pytest.mark.parametrize(
    "prompt", ["space", "underwater", "volcano", "cave", "library", "city street", "ship", "jungle"]
)
def test_each_place_has_a_picture_of_its_own_for_each_seed(prompt: str) -> None:
    first = drawn(prompt)
    assert np.array_equal(first, drawn(prompt))
    assert not np.array_equal(first, drawn(prompt, 1))
    assert np.abs(first.astype(float) - drawn("meadow")).mean() > 10


def test_lava_glows_and_deep_water_is_blue() -> None:
    volcano, water = drawn("volcano").astype(int), drawn("underwater").reshape(-1, 3).mean(axis=0)
    assert ((volcano[..., 0] > 220) & (volcano[..., 2] < 120)).mean() > 0.02
    assert water[2] > 1.5 * water[0]


def test_windows_are_lit_at_night_alone() -> None:
    def warm(prompt: str) -> float:
        picture = scene(prompt=prompt, size=(128, 128))["color"].astype(int)
        return float(((picture[..., 0] > 200) & (picture[..., 0] > picture[..., 2] + 70)).mean())

    assert warm("a city at night") > 0.004 > warm("a city, noon")


@pytest.mark.parametrize(("kind", "plain"), [("aurora", "night"), ("rainbow", "day"), ("two moons", "day")])
def test_words_add_wonders_to_the_sky(kind: str, plain: str) -> None:
    assert mood_of(words_in(kind)).wonders
    assert not mood_of(words_in(plain)).wonders
    assert np.abs(drawn(kind).astype(float) - drawn(plain)).max() > 20


@pytest.mark.parametrize("prompt", ["a dragon", "an airship", "a ufo", "hot air balloons", "floating islands"])
def test_words_put_things_into_the_air(prompt: str) -> None:
    change = np.abs(drawn(f"{prompt} over a meadow").astype(float) - drawn("a meadow")).max(axis=2) > 20
    assert change[: SIZE[1] // 2].mean() > 0.01


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


@pytest.mark.parametrize("prompt", ["sunset clouds over a pine forest", "space nebula", "dungeon", "street", "volcano"])
def test_a_panorama_joins_at_its_sides(prompt: str) -> None:
    picture = scene(prompt=prompt, size=(192, 48), tile="x")["color"].astype(float)
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
