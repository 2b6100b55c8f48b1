"""Models as arguments of steps: found by name, in keys, licences and plans."""

from pathlib import Path

import pytest

from assetgen.errors import InputError
from assetgen.pack.library import library_for, load_pack
from assetgen.pack.licences import check_licences, terms_of
from assetgen.pack.recipe import Recipe, models_in_use
from assetgen.pack.resolve import resolve_pack
from assetgen.terms import UNKNOWN_STUDIO


def wall(folder: Path, settings: str) -> Recipe:
    """A material whose pack has these settings of `pbr_maps`."""
    pack = folder / "pack.yaml"
    pack.write_text(
        f"pack: a\ndefaults: {{pbr_maps: {settings}}}\nassets:\n  wall: {{preset: pbr_material, prompt: moss}}\n"
    )
    [recipe] = resolve_pack(load_pack(folder))
    return recipe


def test_a_step_takes_a_model_by_name(tmp_path: Path) -> None:
    steps = {step.name: step for step in wall(tmp_path, "{models: [marigold_normals]}").steps}
    assert steps["pbr_maps"].cards == (library_for().card("marigold_normals"),)


def test_the_revision_of_a_steps_model_is_in_the_key_of_the_images_alone(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    text = library_for().find("models", "marigold_normals", "model").read_text()
    keys = set()
    for revision in ("09cfdd258cb281fa006cf1afcd2284376d16687d", "another"):
        changed = text.replace("09cfdd258cb281fa006cf1afcd2284376d16687d", revision)
        (tmp_path / "models/marigold_normals.yaml").write_text(changed)
        recipe = wall(tmp_path, "{models: [marigold_normals]}")
        keys.add((recipe.sampled_key(), recipe.images_key()))
    sampled, finished = zip(*keys, strict=True)
    assert (len(set(sampled)), len(set(finished))) == (1, 2)


def test_the_licence_of_a_steps_model_is_recorded_and_checked(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    text = library_for().find("models", "marigold_normals", "model").read_text()
    (tmp_path / "models/marigold_normals.yaml").write_text(f"{text}commercial: false\n")
    recipe = wall(tmp_path, "{models: [marigold_normals]}")
    assert "marigold_normals" in {terms.name for terms in terms_of(recipe)} & recipe.facts.licences.keys()
    with pytest.raises(InputError, match="model 'marigold_normals' forbids commercial use"):
        check_licences([recipe], UNKNOWN_STUDIO, print, allowed=False)


def test_missing_weights_of_steps_count_where_only_the_steps_are_left(tmp_path: Path) -> None:
    recipe = wall(tmp_path, "{models: [marigold_normals, marigold_appearance]}")
    assert [card.model for card, _ in models_in_use([], [recipe])] == ["marigold_normals", "marigold_appearance"]


def test_an_unknown_model_is_an_error_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pack.yaml:2: pbr_maps: there is no model 'marigold_normal'. Did you mean"):
        wall(tmp_path, "{models: [marigold_normal]}")


def test_a_draft_loads_no_model_for_its_steps(tmp_path: Path) -> None:
    wall(tmp_path, "{models: [marigold_normals], strength: 2}")
    [draft] = resolve_pack(load_pack(tmp_path), draft=True)
    steps = {step.name: step.arguments for step in draft.steps}
    assert (steps["pbr_maps"]["models"], steps["pbr_maps"]["strength"]) == ((), 2)


def test_a_card_written_in_place_of_its_name_is_refused(tmp_path: Path) -> None:
    card = "{model: a, family: marigold_normals, weights: {folder: /etc}, licence: MIT, native: [64, 64]}"
    with pytest.raises(InputError, match="pbr_maps: a model is written as the name of its card"):
        wall(tmp_path, f"{{models: [{card}]}}")
