"""Names for assets without a pack: one recipe never replaces the files of another."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assetgen.build.publish import Target
from assetgen.pack.file_names import file_names
from assetgen.pack.recipe import Recipe


def with_free_names(recipes: Sequence[Recipe], target: Target) -> tuple[Recipe, ...]:
    """The recipes, numbered on where the target has files of that name: `dragon_2`, or `dragon_05` after `dragon_04`.

    A recipe that the target has already keeps the name of its files. Requires the build lock of the target.
    """
    taken: list[str] = []
    for recipe in recipes:
        paths = file_names(recipe)
        for name in _names(recipe.name, of_many=len(recipes) > 1):
            written = target.assets.get(name)
            renamed = (target.root / path.replace(recipe.name, name, 1) for path in paths)
            fits = written.key == recipe.files_key_as(name) if written else not any(path.exists() for path in renamed)
            if fits and name not in taken:
                taken.append(name)
                break
    return tuple(replace(recipe, name=name) for recipe, name in zip(recipes, taken, strict=True))


def _names(name: str, *, of_many: bool) -> Iterator[str]:
    """The name, and the ones after it."""
    numbered = re.fullmatch(r"(.+)_(\d+)", name) if of_many else None
    if not numbered:
        yield name
    base, digits = numbered.groups() if numbered else (name, "")
    for number in itertools.count(int(digits or 2)):
        yield f"{base}_{number:0{len(digits)}}"
