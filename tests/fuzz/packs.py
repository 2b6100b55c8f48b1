"""Packs with presets, a model card and a palette: load them, list what is in reach, plan."""

from pathlib import Path

import numpy as np
from cases import family_errors
from hypothesis import strategies as st
from mutations import Files, mutated_bytes, mutated_trees, with_special_files, yaml_bytes

from assetgen.build.status import plan_report
from assetgen.machine import Machine
from assetgen.pack.library import is_preset, library_for
from assetgen.pack.project import Project
from assetgen.parts import part_names
from assetgen.pixels.image_files import encode_png
from assetgen.store.store import Store

_PACK = {
    "pack": "art",
    "about": "words",
    "target": "art",
    "engine": "godot",
    "model": "mini",
    "seed": 7,
    "palette": "colors.hex",
    "style": "ink",
    "tries": 3,
    "defaults": {"pixelate": {"colors": 12}, "trim": {"padding": 1}},
    "inbox": {
        "*.obj": {"preset": "concept_from_mesh", "prompt": "a {name}", "depth": {"mesh": "{file}"}},
        "*.txt": None,
    },
    "assets": {
        "dragon": {"preset": "pixel_sprite", "prompt": "a red dragon", "seed": 35, "tries": 2, "negative": "x"},
        "drawing": {"preset": "mine", "prompt": "a tree", "small": {"colors": 4}},
        "wall": {
            "preset": "pbr_material",
            "prompt": "stone",
            "seamless": {"axes": "xy"},
            "diffusion": {"scale": [2, 1]},
        },
        "keep": {"preset": "concept_from_mesh", "prompt": "a keep", "depth": {"mesh": "keep.obj"}, "model": "card"},
        "p_{size}_{red,green}": {"preset": "mine", "prompt": "a {size} {red,green}", "matrix": {"size": ["big", 2]}},
        "items": {"preset": "atlas", "members": ["p_*", "drawing"]},
    },
}
_PRESET = {
    "preset": "mine",
    "about": "A drawing",
    "extends": "base",
    "use": "pixel_sprite",
    "source": {"fake": {"prompt": "pixel art of {prompt}", "size": [16, 16], "tile": "x"}},
    "controls": [{"canny": {"image": "in.png", "strength": 0.5, "start": 0.1, "end": 0.9}}],
    "steps": [
        {"cutout": {"alpha": "hard"}},
        "trim",
        {"pixelate": {"grid": 16, "as": "small"}},
        {"outline": {"width": 1}},
    ],
    "checks": ["alpha", {"palette": {"colors": 16}}],
    "export": {"godot": {}},
    "tries": 2,
    "defaults": {"small": {"colors": 4}},
}
_BASE = {"preset": "base", "source": "diffusion", "steps": [{"resize": {"size": [32, 32]}}], "extends": "sprite"}
_CARD = {
    "model": "card",
    "about": "A model",
    "family": "sdxl",
    "weights": {"folder": "weights"},
    "digest": "0" * 64,
    "licence": "MIT",
    "commercial": True,
    "native": [64, 64],
    "scheduler": {"name": "EulerDiscreteScheduler", "options": {"timestep_spacing": "trailing"}},
    "defaults": {"steps": 2, "guidance": 4.0, "negative": "blurry"},
    "prompts": {"mine": "drawing of {prompt}"},
    "controls": {"depth": {"weights": {"file": "canny.safetensors"}, "licence": "MIT", "type": "t2i_adapter"}},
}
_TREES = {"pack.yaml": _PACK, "mine.yaml": _PRESET, "base.yaml": _BASE, "models/card.yaml": _CARD}
_OTHER: Files = {
    "colors.hex": b"ff0000\n00ff00\n",
    "keep.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    "in.png": encode_png(np.zeros((4, 4, 3), np.uint8)),
    "inbox/Old Keep.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    "inbox/old_hat.png": encode_png(np.zeros((4, 4, 4), np.uint8)),
    "inbox/old_hat.yaml": b"preset: mine\n",
    "models/weights/model_index.json": b"{}",
}
_ALIASES = b"a: &a [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b", ".join([b"*%c" % (letter - 1)] * 10)) for letter in b"bcdefgh"
)
_MERGES = b"a0: &a0 {x: 1}\n" + b"".join(
    b"a%d: &a%d {<<: [*a%d, *a%d]}\n" % (number, number, number - 1, number - 1) for number in range(1, 25)
)


def _words() -> tuple[str, ...]:
    """Keys and values of packs, presets and cards, and the names of all parts."""
    kinds = ("source", "control", "step", "check", "exporter")
    parts = [name for kind in kinds for name in part_names(kind)]
    keys = [key for tree in _TREES.values() for key in tree]
    more = [
        "extends",
        "embeddings",
        "loras",
        "vae",
        "network",
        "batch",
        "as",
        "{file}",
        "size",
        "image",
        "keep.obj",
        "fake",
    ]
    return tuple(dict.fromkeys([*keys, *parts, *more]))


@st.composite
def _drawn(draw: st.DrawFn) -> Files:
    words = _words()
    changed = draw(st.sampled_from((*_TREES, "pack.yaml", "pack.yaml", "all")))
    files = {f"pack/{name}": data for name, data in _OTHER.items()}
    for name, tree in _TREES.items():
        if changed in (name, "all"):
            data = yaml_bytes(draw(mutated_trees(tree, words)))
            files[f"pack/{name}"] = draw(mutated_bytes(data, most=2)) if draw(st.booleans()) else data
        else:
            files[f"pack/{name}"] = yaml_bytes(tree)
    return files


def cases() -> st.SearchStrategy[Files]:
    """A pack and the files beside it, of which some are changed."""
    return with_special_files(_drawn())


def known() -> list[Files]:
    """The whole pack, and cases that failed once."""
    whole = {f"pack/{name}": data for name, data in _OTHER.items()}
    whole |= {f"pack/{name}": yaml_bytes(tree) for name, tree in _TREES.items()}
    chain = {f"pack/c{n}.yaml": b"preset: c%d\nextends: c%d\n" % (n, n + 1) for n in range(200)}
    last = {"pack/pack.yaml": b"pack: p\nassets: {a: {preset: c0}}\n"}
    packs = [
        _ALIASES,
        _MERGES,
        b"pack: p\nassets: {a: {preset: pixel_sprite, prompt: x, seed: %s}}\n" % (b"9" * 5000),
        b"pack: p\nassets: {a: {preset: pixel_sprite, prompt: x, seed: 1:%s}}\n" % (b"59:" * 3000 + b"1"),
        b"[" * 100_000,
        b"pack: p\nassets:\n" + b"  a: {preset: atlas, members: ['*']}\n",
    ]
    return [whole, {**chain, **last}, *({**whole, "pack/pack.yaml": data} for data in packs)]


def check(root: Path) -> None:
    """Read the presets and the card, and say what a build would do."""
    library = library_for(root / "pack")
    for path in (root / "pack").glob("*.yaml"):
        if is_preset(path):
            with family_errors():
                library.preset(path.stem)
    for path in (root / "pack/models").glob("*.yaml"):
        with family_errors():
            library.card(path.stem)
    project = Project.load(root / "pack", root / "game")
    plan_report(project, Machine(Store(root / "store"), root / "machine"), "*")
