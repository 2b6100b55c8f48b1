"""The facts of a review: each asset with its candidates, what is built and picked, and the image in the game.

`collect_review` reads what the store has. `sample_missing` makes the candidates that are missing, and adds each to the
review as it comes. An asset without a seed, such as an atlas or an animation of another asset, is `fixed`: the page
shows its only image once it is built, and offers no choice. `assetgen.review.page` turns the facts into HTML.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assetgen.build.candidates import Candidate, choosable, make_candidates, matching, stored_candidates
from assetgen.build.options import BuildOptions
from assetgen.build.precision import with_number_formats
from assetgen.errors import AssetgenError, InputError
from assetgen.events import Emit, Planned
from assetgen.machine import Machine
from assetgen.pack.lock import LockEntry
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.pixels.image_files import read_image
from assetgen.pixels.texture_files import Textures
from assetgen.review.facts import asset_facts, candidate_facts, data_uri, motion_facts, surface_facts

_KEY = re.compile("[0-9a-f]{64}")


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
        """The recipes that lack one of the candidates 1 to `count`; a fixed asset has none."""
        required = set(range(1, count + 1))
        recipes = choosable(list(self.recipes.values()))
        return [recipe for recipe in recipes if not required <= self.numbers(recipe.name)]


def collect_review(target: ReviewTarget, machine: Machine) -> Review:
    """The review of what the store has; nothing is sampled. Raises `InputError` where no asset matches."""
    review = Review(target, machine)
    lock = target.project.read_lock()
    for recipe in reviewed_recipes(target, machine):
        add_asset(review, recipe, lock)
    if not review.recipes:
        raise InputError(f"no asset of pack '{target.project.pack.pack}' matches '{target.only}'")
    return review


def reviewed_recipes(target: ReviewTarget, machine: Machine) -> list[Recipe]:
    """The recipes under review, as the pack is now."""
    return matching(with_number_formats(target.project.plan().recipes, machine), target.only)


def add_asset(review: Review, recipe: Recipe, lock: Mapping[str, LockEntry]) -> None:
    """Add an asset with its stored candidates; an asset of the same name is replaced."""
    review.recipes[recipe.name] = recipe
    review.assets[recipe.name] = asset_facts(recipe)
    for candidate in stored_candidates(recipe, review.machine):
        review.add_candidate(candidate)
    review.assets[recipe.name] |= asset_state(review, recipe, lock)


def asset_state(review: Review, recipe: Recipe, lock: Mapping[str, LockEntry]) -> dict[str, Any]:
    """The numbers of the built and the picked candidate (or None), and the published image or animation; `outdated` is
    a file in the game that is a draft or of another request."""
    block = lock.get(recipe.name)
    current = block is not None and block.keys.get("sampled") == recipe.sampled_key()
    picked = block.pick + 1 if block and current and block.pick is not None else None
    built = block.attempt + 1 if block and current and block.outputs else None
    asset = review.assets[recipe.name]
    now = None if asset["fixed"] or _is_tileset(recipe) else _published(review, recipe, block)
    outdated = built is None and _file(review, recipe).is_file()
    return {"built": built, "picked": picked, "now": now, "outdated": outdated}


def _file(review: Review, recipe: Recipe) -> Path:
    """The image of an asset in the game."""
    textures = recipe.export.arguments.get("textures")
    suffix = textures.format if isinstance(textures, Textures) else "png"
    return review.target.project.target / f"{recipe.name}.{suffix}"


def _published(review: Review, recipe: Recipe, block: LockEntry | None) -> dict[str, Any] | None:
    """The published image; where the candidates are animations, with the frames that it was made of, if they are in
    the store and the file was not edited."""
    path = _file(review, recipe)
    found = _published_image(path)
    if not found or not block or not any("animation" in each for each in review.assets[recipe.name]["candidates"]):
        return found
    key = block.keys.get("images", "")
    if key == recipe.images_key():
        key = recipe.images_key(block.attempt)
    elif block.attempt:
        return found  # the lock has the key of the first attempt alone
    edited = hashlib.sha256(path.read_bytes()).hexdigest() != block.outputs.get(f"{recipe.name}{path.suffix}")
    images = None if edited or not _KEY.fullmatch(key) else review.machine.store.read_images("images", key)
    return found | motion_facts(images) if images else found


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
    lacking = review.lacking(count)
    missing = sum(max(0, count - len(review.numbers(recipe.name))) for recipe in lacking)
    if missing:
        emit(Planned(assets=len(lacking), to_sample=missing, images=missing))
    made = make_candidates(
        lacking,
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
