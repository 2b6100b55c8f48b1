"""Licences with conditions: a build passes, warns or is refused by the studio that is stated."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from assetgen.errors import InputError
from assetgen.events import Event, Warned, ignore
from assetgen.machine import user_settings
from assetgen.pack.library import PackFile
from assetgen.pack.licences import check_licences, studio_of, terms_of
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.terms import Studio, excluded

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str], PackFile]
LIMITED = "commercial: {below_revenue: 1000000 USD, requires: [content_filter, ai_disclosure]}"
CARD = "model: own\nfamily: stable_diffusion\nweights: {bundled: mini}\nlicence: Community\nnative: [128, 128]\n"
PACK = (
    "pack: p\nmodel: own\nassets:\n"
    "  a: {preset: painted_concept, prompt: x}\n"
    "  b: {preset: painted_concept, prompt: y}\n"
)


@pytest.fixture
def recipes(tmp_path: Path, write_pack: Write) -> Callable[[str], Sequence[Recipe]]:
    """The recipes of a pack of two assets, whose model card has these lines on licences."""

    def make(lines: str) -> Sequence[Recipe]:
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models/own.yaml").write_text(f"{CARD}{lines}\n")
        return resolve_pack(write_pack(PACK))

    return make


Recipes = Callable[[str], Sequence[Recipe]]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("commercial: yes", "Community"),
        ("commercial: no", "Community (not for commercial use)"),
        (
            LIMITED,
            "Community (commercial use below 1,000,000 USD revenue a year; requires content filter, AI disclosure)",
        ),
        ("commercial: {requires: [ai_disclosure]}", "Community (commercial use requires AI disclosure)"),
        ("not_in: [EU, UK, KR]", "Community (not in EU, GB, KR)"),
        ("commercial: false\nnot_in: [EU]", "Community (not for commercial use; not in EU)"),
    ],
)
def test_the_lock_records_the_conditions_of_a_licence(recipes: Recipes, lines: str, text: str) -> None:
    assert recipes(lines)[0].facts.licences == {"own": text}


def test_conditions_and_facts_change_no_key_of_an_image(recipes: Recipes) -> None:
    facts = "facts: {download: 1.5, gated: true, parameters: {unet: 0.1}, seconds: {H100: 0.2}}"
    keys = {recipes(lines)[0].images_key() for lines in ("", "commercial: yes", LIMITED, "not_in: [EU]", facts)}
    assert len(keys) == 1


def test_a_stated_studio_below_the_limit_passes_without_a_warning(recipes: Recipes) -> None:
    events: list[Event] = []
    check_licences(recipes(LIMITED), Studio(revenue=999_999), events.append, allowed=False)
    assert events == []


def test_a_stated_studio_at_the_limit_is_refused(recipes: Recipes) -> None:
    sentence = (
        r"pack.yaml:4: model 'own' allows commercial use below 1,000,000 USD revenue a year \(Community\), and the "
        r"studio has 1,000,000 USD. Choose another, or allow it with --allow-noncommercial"
    )
    with pytest.raises(InputError, match=sentence):
        check_licences(recipes(LIMITED), Studio(revenue=1_000_000), ignore, allowed=False)
    check_licences(recipes(LIMITED), Studio(revenue=1_000_000), ignore, allowed=True)


def test_a_studio_in_an_excluded_country_is_refused_also_where_use_is_not_commercial(recipes: Recipes) -> None:
    sentence = (
        r"model 'own' may not be used in EU, GB, KR \(Community\), and the studio works or publishes in DE. "
        r"Choose another, or correct `countries` of the studio"
    )
    with pytest.raises(InputError, match=sentence):
        check_licences(recipes("not_in: [EU, UK, KR]"), Studio(countries=("US", "DE")), ignore, allowed=True)


def test_a_build_without_a_stated_studio_warns_once_for_all_assets(recipes: Recipes) -> None:
    events: list[Event] = []
    check_licences(recipes(f"{LIMITED}\nnot_in: [KR]"), Studio(), events.append, allowed=False)
    [warning] = events
    assert isinstance(warning, Warned)
    assert "and no studio revenue and countries is stated: state it as `studio` in the pack or in" in warning.reason


def test_the_pack_overrides_single_values_of_the_users_studio(write_pack: Write) -> None:
    user_settings().parent.mkdir(parents=True)
    user_settings().write_text("studio: {revenue: 250000 USD, countries: [DE]}\n")
    assert studio_of(write_pack(PACK).pack) == Studio(revenue=250_000, countries=("DE",))
    assert studio_of(write_pack(f"{PACK}studio: {{countries: [NO]}}").pack) == Studio(
        revenue=250_000, countries=("NO",)
    )


def test_a_mistake_in_the_users_settings_is_reported_with_its_line(write_pack: Write) -> None:
    user_settings().parent.mkdir(parents=True)
    user_settings().write_text("studio:\n  revenue: 250000 EUR\n")
    with pytest.raises(
        InputError, match=r"settings.yaml:2: '250000 EUR' is not an amount in US dollars, like 1000000 USD"
    ):
        studio_of(write_pack(PACK).pack)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("commercial: perhaps", r"'commercial\S*' should be true or false"),
        ("commercial: {}", "'commercial' states no condition: write below_revenue or requires, or true or false"),
        ("commercial: {below_revenue: lots}", "'lots' is not an amount in US dollars"),
        ("commercial: {requires: [cake]}", "should be 'content_filter' or 'ai_disclosure'"),
        ("not_in: [Europe]", r"'Europe' is not a country code \(ISO 3166-1 alpha-2\), like DE, US or EU"),
    ],
)
def test_a_mistake_in_a_cards_conditions_is_reported_with_its_line(recipes: Recipes, lines: str, sentence: str) -> None:
    with pytest.raises(InputError, match=rf"own.yaml:6: .*{sentence}"):
        recipes(lines)


def test_the_eu_stands_for_its_members_on_both_sides() -> None:
    assert excluded(("DE", "US"), ("EU",)) == ("DE",)
    assert excluded(("EU",), ("FR",)) == ("EU",)
    assert excluded(("GB", "CH"), ("EU",)) == ()


def test_a_control_network_and_a_lora_may_have_conditions(tmp_path: Path, write_pack: Write) -> None:
    (tmp_path / "models").mkdir()
    extra = "loras: [{file: l.safetensors, licence: L, not_in: [KR]}]\n"
    (tmp_path / "models/own.yaml").write_text(CARD + extra)
    (tmp_path / "l.safetensors").write_bytes(b"")
    [first, _] = resolve_pack(write_pack(PACK))
    assert [terms.text for terms in terms_of(first)] == ["Community", "L (not in KR)"]


def test_check_and_plan_report_a_licence_that_the_studio_breaks(
    assetgen: Run, tmp_path: Path, recipes: Recipes
) -> None:
    recipes(LIMITED)
    with (tmp_path / "pack.yaml").open("a") as pack:
        pack.write("studio: {revenue: 2000000 USD}\n")
    where = ("--game", tmp_path / "game", "--store", tmp_path / "store")
    code, out, _ = assetgen("plan", tmp_path, *where)
    assert (code, "below 1,000,000 USD revenue a year (Community), and the studio has 2,000,000 USD" in out) == (
        0,
        True,
    )
    code, _, err = assetgen("build", tmp_path, *where)
    assert (code, "and the studio has 2,000,000 USD. Choose another" in err) == (2, True)


def test_a_shown_card_can_be_read_again(assetgen: Run, tmp_path: Path, recipes: Recipes) -> None:
    recipes(f"{LIMITED}\nnot_in: [UK]")
    shown = yaml.safe_load(assetgen("models", "show", "own", "--pack", tmp_path)[1])
    assert (json.dumps(shown["commercial"]["below_revenue"]), shown["not_in"]) == ('"1000000 USD"', ["GB"])
