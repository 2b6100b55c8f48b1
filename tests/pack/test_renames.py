"""Renamed assets keep their seed, and so their image."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.errors import InputError
from assetgen.pack.changes import request_entry
from assetgen.pack.library import PackFile
from assetgen.pack.lock import LockEntry
from assetgen.pack.recipe import Recipe
from assetgen.pack.renames import resolve_with_lock

WritePack = Callable[[str], PackFile]
ROCKS = "pack: p\nassets: {'%s_{1,2,3}': {preset: sprite, prompt: a rock}}"


def packed(*assets: str) -> str:
    """A pack of assets that are written NAME: PROMPT."""
    entries = (each.partition(": ") for each in assets)
    return "pack: p\nassets:\n" + "".join(
        f"  {name}: {{preset: sprite, prompt: {rest}}}\n" for name, _, rest in entries
    )


def locked(file: PackFile, lock: dict[str, LockEntry] | None = None, **options: str) -> dict[str, LockEntry]:
    """The lock after a build of a pack; entries of assets that left it go, unless `only` selects some."""
    recipes = resolve_with_lock(file, lock or {}, **options)
    return (dict(lock or {}) if "only" in options else {}) | {
        each.name: request_entry(each, file.folder) for each in recipes
    }


def seeds(recipes: tuple[Recipe, ...]) -> dict[str, int]:
    return {recipe.name: recipe.source.arguments["seed"] for recipe in recipes}


def seed_names(lock: dict[str, LockEntry]) -> dict[str, str]:
    return {name: entry.seed_name for name, entry in lock.items()}


def test_a_renamed_asset_keeps_its_seed_and_its_images(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    [recipe] = resolve_with_lock(write_pack(packed("wyrm: a beast")), lock)
    assert (recipe.sampled_key(), recipe.images_key()) == (
        lock["dragon"].keys["sampled"],
        lock["dragon"].keys["images"],
    )
    assert recipe.files_key != lock["dragon"].keys["files"]


def test_a_renamed_asset_keeps_its_seed_when_its_prompt_changes_later(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    lock = locked(write_pack(packed("wyrm: a beast")), lock)
    file = write_pack(packed("wyrm: a snake"))
    assert seed_names(locked(file, lock)) == {"wyrm": "dragon"}


def test_a_renamed_asset_can_be_renamed_again_while_another_asset_has_its_first_name(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    lock = locked(write_pack(packed("wyrm: a beast")), lock)
    lock = locked(write_pack(packed("wyrm: a beast", "dragon: a toy")), lock)
    lock = locked(write_pack(packed("drake: a beast", "dragon: a toy")), lock)
    assert seed_names(lock) == {"drake": "dragon", "dragon": "dragon"}


def test_another_request_under_a_new_name_is_a_new_asset(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    assert seed_names(locked(write_pack(packed("wyrm: a snake")), lock)) == {"wyrm": "wyrm"}


def test_a_copy_beside_the_original_is_a_new_asset(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    lock = locked(write_pack(packed("dragon: a beast", "wyrm: a beast")), lock)
    assert seed_names(lock) == {"dragon": "dragon", "wyrm": "wyrm"}


def test_an_asset_with_its_own_seed_takes_no_seed_from_a_name(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    [recipe] = resolve_with_lock(write_pack(packed("wyrm: a beast, seed: 5")), lock)
    assert (recipe.source.arguments["seed"], recipe.facts.seed_name) == (5, None)


def test_a_renamed_asset_with_a_changed_step_keeps_its_seed(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    [recipe] = resolve_with_lock(write_pack(packed("wyrm: a beast, trim: {padding: 9}")), lock)
    assert recipe.sampled_key() == lock["dragon"].keys["sampled"]


def test_renamed_variations_of_one_prompt_keep_their_seeds_in_order(write_pack: WritePack) -> None:
    lock = locked(write_pack(ROCKS % "rock"))
    after = seed_names(locked(write_pack(ROCKS % "stone"), lock))
    assert after == {"stone_1": "rock_1", "stone_2": "rock_2", "stone_3": "rock_3"}


def test_renamed_variations_that_are_built_one_by_one_have_different_seeds(write_pack: WritePack) -> None:
    lock = locked(write_pack(ROCKS % "rock"))
    file = write_pack(ROCKS % "stone")
    lock = locked(file, lock, only="stone_2")
    assert len(set(seeds(resolve_with_lock(file, lock)).values())) == 3


def test_a_new_asset_that_is_built_alone_is_not_taken_for_a_renamed_one(write_pack: WritePack) -> None:
    lock = locked(write_pack(packed("dragon: a beast")))
    file = write_pack(packed("dragon: a beast", "wyrm: a beast"))
    assert seed_names(locked(file, lock, only="wyrm"))["wyrm"] == "wyrm"


def test_an_error_in_one_asset_does_not_stop_selected_others(write_pack: WritePack) -> None:
    file = write_pack(packed("good: x", "bad: y, seem: {}"))
    assert list(seeds(resolve_with_lock(file, locked(write_pack(packed("good: x"))), only="good"))) == ["good"]
    with pytest.raises(InputError, match="unknown key 'seem'"):
        resolve_with_lock(file, {})


def test_a_renamed_asset_with_an_input_file_keeps_its_seed(write_pack: WritePack, tmp_path: Path) -> None:
    (tmp_path / "sketch.png").write_bytes(b"any bytes")
    settings = "a beast, diffusion: {image: sketch.png}"
    lock = locked(write_pack(packed(f"dragon: {settings}")))
    [recipe] = resolve_with_lock(write_pack(packed(f"wyrm: {settings}")), lock)
    assert recipe.sampled_key() == lock["dragon"].keys["sampled"]
