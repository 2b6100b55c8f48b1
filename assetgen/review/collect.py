"""The facts of a review: each asset with its candidates, what is built and picked, and the image in the game.

`collect_review` reads what the store has. `sample_missing` makes the candidates that are missing, and adds each to the
review as it comes. `assetgen.review.page` turns the facts into HTML.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.build.candidates import Candidate, choosable, make_candidates, matching, stored_candidates
from assetgen.build.options import BuildOptions
from assetgen.build.precision import with_number_formats
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Emit
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pixels.image_files import read_image
from assetgen.review.facts import asset_facts, candidate_facts, data_uri, surface_facts


@dataclass(frozen=True)
class ReviewTarget:
    """What is reviewed: a project, and a glob of its assets.

    `path` is the pack's path and `options` are the options as typed, for the commands on the page.
    """

    project: Project
    path: str
    only: str = "*"
    options: tuple[str, ...] = ()


@dataclass
class Review:
    """The recipes under review, and the facts that the page shows of each asset, by asset name."""

    target: ReviewTarget
    machine: Machine
    recipes: dict[str, Recipe] = field(default_factory=dict)
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Everything that the page shows, as JSON data."""
        target = self.target
        pack = {"pack": target.project.pack.pack, "place": target.path, "options": list(target.options)}
        return {**pack, "assets": list(self.assets.values())}

    def add_candidate(self, candidate: Candidate) -> None:
        """Add a candidate to its asset, in the order of the numbers."""
        asset = self.assets[candidate.recipe.name]
        cost = self.machine.store.read_json("cost", candidate.recipe.sampled_key(candidate.attempt)) or {}
        others = [each for each in asset["candidates"] if each["number"] != candidate.number]
        found = sorted([*others, candidate_facts(candidate, cost)], key=lambda each: int(each["number"]))
        asset |= {"candidates": found, **surface_facts(candidate)}

    def numbers(self, asset: str) -> set[int]:
        """The numbers of an asset's candidates, from 1."""
        return {each["number"] for each in self.assets[asset]["candidates"]}

    def lacking(self, count: int) -> list[Recipe]:
        """The recipes that lack one of the candidates 1 to `count`."""
        required = set(range(1, count + 1))
        return [recipe for name, recipe in self.recipes.items() if not required <= self.numbers(name)]


def collect_review(target: ReviewTarget, machine: Machine) -> Review:
    """The review of what the store has; nothing is sampled. Raises `InputError` where no asset has candidates."""
    review = Review(target, machine)
    for recipe in reviewed_recipes(target, machine):
        add_asset(review, recipe)
    if not review.recipes:
        raise InputError(f"no asset of pack '{target.project.pack.pack}' that has candidates matches '{target.only}'")
    return review


def reviewed_recipes(target: ReviewTarget, machine: Machine) -> list[Recipe]:
    """The recipes under review, as the pack is now."""
    return matching(choosable(with_number_formats(target.project.plan().recipes, machine)), target.only)


def add_asset(review: Review, recipe: Recipe) -> None:
    """Add an asset with its stored candidates; an asset of the same name is replaced."""
    review.recipes[recipe.name] = recipe
    review.assets[recipe.name] = asset_facts(recipe) | asset_state(review, recipe)
    for candidate in stored_candidates(recipe, review.machine):
        review.add_candidate(candidate)


def asset_state(review: Review, recipe: Recipe) -> dict[str, Any]:
    """The numbers of the built and the picked candidate (or None), and the published image."""
    project = review.target.project
    block = project.read_lock().get(recipe.name)
    current = block is not None and block.keys.get("sampled") == recipe.sampled_key()
    picked = block.pick + 1 if block and current and block.pick is not None else None
    built = block.attempt + 1 if block and current and block.outputs else None
    now = None if _is_tileset(recipe) else _published_image(project.target / f"{recipe.name}.png")
    return {"built": built, "picked": picked, "now": now}


def _is_tileset(recipe: Recipe) -> bool:
    """The published image is a sheet of tiles, while candidates show a level."""
    described = recipe.source.part.describes
    return described is not None and described.tileset is not None


def _published_image(path: Path) -> dict[str, Any] | None:
    """A published image, or None where it is missing or unreadable."""
    try:
        if not path.is_file():
            return None
        array = read_image(path)
    except (AssetgenError, OSError):
        return None
    height, width = array.shape[:2]
    return {"src": data_uri(array), "width": width, "height": height}


def sample_missing(review: Review, count: int, emit: Emit, options: BuildOptions) -> Iterator[Candidate]:
    """Make the missing ones of the first `count` candidates of each asset; yields each after adding it."""
    made = make_candidates(
        review.lacking(count),
        count,
        review.machine,
        emit,
        studio=review.target.project.studio,
        allow_noncommercial=options.allow_noncommercial,
    )
    for candidate in made:
        if candidate.number not in review.numbers(candidate.recipe.name):
            review.add_candidate(candidate)
            yield candidate
