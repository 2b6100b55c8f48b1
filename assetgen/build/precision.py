"""The number format of models whose cards say `quantize: auto`, for assets whose lock does not record one yet."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from assetgen.machine import Machine
from assetgen.pack.recipe import Recipe, with_quantization
from assetgen.pack.schema import ModelCard, Quantization


def with_number_formats(recipes: Iterable[Recipe], machine: Machine) -> tuple[Recipe, ...]:
    """The recipes, where `quantize: auto` is the number format that fits into the memory of this machine's device.

    It becomes part of the keys, so that images of other formats are not reused, and of the lock, which later builds
    follow. The machines of a cluster may differ: there it is "none".
    """
    chosen: dict[str, Quantization] = {}

    def choose(card: ModelCard) -> Quantization:
        if card.model not in chosen:
            chosen[card.model] = "none" if machine.runner else _fitting(card, machine.device)
        return chosen[card.model]

    return tuple(_decided(recipe, choose) for recipe in recipes)


def _fitting(card: ModelCard, device: str) -> Quantization:
    from assetgen.diffusion.loading.quantizing import fitting_quantization

    return fitting_quantization(card, device)


def _decided(recipe: Recipe, choose: Callable[[ModelCard], Quantization]) -> Recipe:
    members = tuple(_decided(member, choose) for member in recipe.members)
    if members != recipe.members:
        recipe = replace(recipe, members=members)
    card = recipe.source.arguments.get("model")
    if not isinstance(card, ModelCard) or card.quantize != "auto":
        return recipe
    return replace(recipe, source=with_quantization(recipe.source, choose(card)))
