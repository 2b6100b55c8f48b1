"""Families of models: a file each, holding one function of its own name that gives a `Family`."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assetgen.errors import InputError
from assetgen.registry import did_you_mean

Texts = Mapping[str, Any]
"""Embeddings by the argument names that diffusers gives them, torch tensors whose first axis is the batch."""


@dataclass(frozen=True)
class Family:
    """How a kind of model is loaded and told what to draw.

    `pipeline` is the diffusers class that reads its folders, with `options` for its constructor. `told(texts, size)`
    gives the keyword arguments of its UNet and control networks for pictures of `size` (width, height in pixels).
    """

    pipeline: str
    told: Callable[[Texts, tuple[int, int]], dict[str, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)


def family(name: str) -> Family:
    """A family by name. An unknown one is an `InputError` with a suggestion."""
    known = [module.name for module in pkgutil.iter_modules(__path__)]
    if name not in known:
        raise InputError(f"there is no model family '{name}'", cure=did_you_mean(name, known))
    found: Family = getattr(importlib.import_module(f"{__name__}.{name}"), name)()
    return found
