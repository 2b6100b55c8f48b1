"""What a review shows: the assets of a pack that have candidates, what is built, what is picked, what the game has."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.build.candidates import Candidate, choosable, make_candidates, matching, stored_candidates
from assetgen.build.options import BuildOptions
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Emit
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pixels.image_files import read_image
from assetgen.review.facts import asset_facts, candidate_facts, shown, surface_facts


@dataclass(frozen=True)
class Subject:
    """What is reviewed: a project, and a glob of its assets. `path` is the pack's path as the user typed it, `options`
    are command line options that the page's commands repeat."""

    project: Project
    path: str
    only: str = "*"
    options: tuple[str, ...] = ()


@dataclass
class Review:
    """The facts of a page, which grow as candidates come."""

    subject: Subject
    machine: Machine
    recipes: dict[str, Recipe] = field(default_factory=dict)
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """All that the page shows."""
        subject = self.subject
        words = {"pack": subject.project.pack.pack, "place": subject.path, "options": list(subject.options)}
        return {**words, "assets": list(self.assets.values())}

    def add(self, candidate: Candidate) -> None:
        """Take a candidate in."""
        asset = self.assets[candidate.recipe.name]
        cost = self.machine.store.read_json("cost", candidate.recipe.sampled_key(candidate.attempt)) or {}
        others = [each for each in asset["candidates"] if each["number"] != candidate.number]
        found = sorted([*others, candidate_facts(candidate, cost)], key=lambda each: int(each["number"]))
        asset |= {"candidates": found, **surface_facts(candidate)}

    def numbers(self, name: str) -> set[int]:
        """The candidates that an asset has."""
        return {each["number"] for each in self.assets[name]["candidates"]}

    def lacking(self, count: int) -> list[Recipe]:
        """The assets that have fewer candidates than that."""
        wanted = set(range(1, count + 1))
        return [recipe for name, recipe in self.recipes.items() if not wanted <= self.numbers(name)]


def gather(subject: Subject, machine: Machine) -> Review:
    """What the store has of every asset; nothing is sampled. Raises `InputError` where no asset has candidates."""
    review = Review(subject, machine)
    for recipe in planned(subject):
        open_asset(review, recipe)
    if not review.recipes:
        raise InputError(f"no asset of pack '{subject.project.pack.pack}' that has candidates matches '{subject.only}'")
    return review


def planned(subject: Subject) -> list[Recipe]:
    """The assets under review as their pack asks for them."""
    return matching(choosable(subject.project.plan().recipes), subject.only)


def open_asset(review: Review, recipe: Recipe) -> None:
    """Take an asset into a review, or anew where its pack asks for something else than it did."""
    review.recipes[recipe.name] = recipe
    review.assets[recipe.name] = asset_facts(recipe) | standing(review, recipe)
    for candidate in stored_candidates(recipe, review.machine):
        review.add(candidate)


def standing(review: Review, recipe: Recipe) -> dict[str, Any]:
    """Which candidate is built, which is picked, and the picture that stands in the game."""
    project = review.subject.project
    block = project.read_lock().get(recipe.name)
    current = block is not None and block.keys.get("sampled") == recipe.sampled_key()
    picked = block.pick + 1 if block and current and block.pick is not None else None
    built = block.attempt + 1 if block and current and block.outputs else None
    published = project.target / f"{recipe.name}.png"
    return {"built": built, "picked": picked, "now": _picture(published)}


def _picture(place: Path) -> dict[str, Any] | None:
    """A published picture, if there is one that can be read."""
    try:
        if not place.is_file():
            return None
        array = read_image(place)
    except (AssetgenError, OSError):
        return None
    height, width = array.shape[:2]
    return {"src": shown(array), "width": width, "height": height}


def sample_missing(review: Review, count: int, emit: Emit, wish: BuildOptions) -> Iterator[Candidate]:
    """Make what is missing of the first `count` candidates of each asset; each is in the review when it is given."""
    for candidate in make_candidates(
        review.lacking(count), count, review.machine, emit, allow_noncommercial=wish.allow_noncommercial
    ):
        if candidate.number not in review.numbers(candidate.recipe.name):
            review.add(candidate)
            yield candidate
