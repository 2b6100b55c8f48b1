"""Families of models: a file each, holding one function of its own name that gives a `Family`.

Everything in which kinds of models differ is said here: how words become embeddings, what the network is told, which
shape its latents have, how controls reach it, and where it wraps. The sampler loop knows none of them.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from assetgen.errors import InputError
from assetgen.parts import did_you_mean

Texts = Mapping[str, Any]
"""Embeddings by the argument names that diffusers gives them, torch tensors whose first axis is the batch; those of
the unwanted prompt under the same names with `negative_` before them."""
Told = Mapping[str, Any]
"""Keyword arguments of a network."""


@dataclass(frozen=True)
class Steering:
    """How a network of one type makes a model of this family obey pictures.

    `network` is its diffusers class. `see(pipeline, network, pictures)` turns pictures `B×3×H×W` in 0..1 into what it
    takes, once; `say(network, entering, time, told, sight)` gives what it adds in one step, by the model's argument
    names: tensors, or tuples of them, which are summed where several controls act.
    """

    network: str
    see: Callable[[Any, Any, Any], Any]
    say: Callable[[Any, Any, Any, Told, "Sight"], dict[str, Any]]
    read: Callable[..., Any] | None = None
    """`read(folder, file, device)` for what is no network of diffusers."""
    worn: Callable[[Any, Any], AbstractContextManager[None]] | None = None
    """`worn(pipeline, network)` changes the model while the control acts; it then speaks in every step, last, for all
    images of a batch alike, and no other is worn beside it."""


@dataclass(frozen=True)
class Sight:
    """What a control sees in one step: `seen`, strengths `B×1×1×1`, and the mode of networks that know several."""

    seen: Any
    strengths: Any
    mode: int | None


@dataclass(frozen=True)
class Family:
    """How a kind of model is loaded and told what to draw. `pipeline` is the diffusers class that reads its folders.

    `encode(pipeline, prompts, negatives, guided)` gives the embeddings of as many of either, all or none of the latter
    empty; `readers(pipeline)` are the tokenizers that must read all of each, with the tokens that each takes.
    `told(pipeline, texts, size, guidance)` gives the keyword arguments of its network and controls for pictures of
    `size` (width, height in pixels).
    `predict(network, latents, time, told)` gives noise or velocity for latents `B×C×h×w`, in their shape.
    """

    pipeline: str
    encode: Callable[[Any, list[str], list[str], bool], Texts]
    readers: Callable[[Any], Sequence[tuple[Any, int]]]
    told: Callable[[Any, Texts, tuple[int, int], Any], dict[str, Any]]
    predict: Callable[[Any, Any, Any, Told], Any]
    wraps: Callable[[Any], int]
    """Sides of latents that wrap are multiples of this: then no layer has to round its size."""
    network: str = "unet"
    options: Mapping[str, Any] = field(default_factory=dict)
    """For the constructor of the pipeline."""
    patch: Callable[[Any], int] = lambda network: 1
    """Latent cells to a side of what the network takes as one; sides of all latents are multiples of it."""
    most: Callable[[Any], int | None] = lambda network: None
    """The longest side of latents that the network knows."""
    told_guidance: Callable[[Any], bool] = lambda network: False
    """Whether guidance is a word of the network (or nothing to it): then nothing is unwanted, and it runs once."""
    channels: Callable[[Any], int] = lambda network: int(network.config.in_channels)
    """Channels of latents that the network takes."""
    filled: Callable[[int, int], int] = lambda channels, grain: channels
    """The channels of its models made for inpainting, by those of their latents and the pixels to a side of a cell."""
    filling: Callable[[Any, Any], Any] = lambda kept, masks: None
    """`filling(kept, masks)`: the channels `B×C×h×w` beside the latents of such models, from the latents of pictures
    with the masked parts empty and from masks `B×1×H×W`."""
    even_steps: bool = False
    """Whether its flow goes from 1 to 0 in even steps before any shift."""
    rolls: Callable[[Any], bool] = lambda network: False
    """Whether a network knows where the edge is (by embeddings of positions), so that padding cannot wrap it."""
    steerings: Mapping[str, Steering] = field(default_factory=dict)
    """By the `type` that model cards give to controls."""


def family(name: str) -> Family:
    """A family by name. An unknown one is an `InputError` with a suggestion."""
    known = _names()
    if name not in known:
        raise InputError(f"there is no model family '{name}'", cure=did_you_mean(name, known))
    found: Family = getattr(importlib.import_module(f"{__name__}.{name}"), name)()
    return found


def families() -> dict[str, Family]:
    """All of them by name."""
    return {name: family(name) for name in _names()}


def _names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_"]
