"""Asset names, braces, matrices, members, targets and inbox files: plan them, and build a few."""

from pathlib import Path

from cases import Defect, family_errors, no_crash
from hypothesis import strategies as st
from mutations import TEXTS, Files, yaml_bytes

from assetgen.build.options import BuildOptions
from assetgen.build.run import build_pack
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.store.store import Store

_MOST_BUILT = 6
_PRESETS: Files = {
    "pack/tiny.yaml": b'preset: tiny\nuse: sprite\nsource: {fake: {prompt: "{prompt}", size: [8, 8]}}\n',
    "pack/maps.yaml": b"preset: maps\nuse: material\nsource: {fake: {size: [8, 8]}}\nsteps: [pbr_maps]\n",
}
_WORDS = (
    "a",
    "A",
    "wall",
    "Wall",
    "wall_normal",
    "sub/a",
    "Sub/a",
    "a/b/c",
    "manifest",
    "manifest.json",
    "x" * 119,
    "x" * 120,
    "é",
    "ß",
    "ẞ",
    "ſ",
    "K",
    "{a,b}",
    "{red, green}",
    "{size}",
    "{a,b}{c,d}",
    "{,}",
    "{a,,b}",
    "{{a,b},c}",
    "{a",
    "b}",
    "{}",
    "{a}{b}",
    ".",
    "-",
    "_",
    "..",
    "/",
    "/a",
    "a/",
    "a.png",
    "a.tres",
    ".assetgen-x.part",
    "con",
    "con.x",
    "lpt1",
    "aux/a",
)
_LETTERS = st.text("ab{},/. _-*[!]AZ1\n\0\u202e\U0001f409", max_size=12)


def _names() -> st.SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(_WORDS), st.sampled_from(TEXTS), _LETTERS, st.lists(st.sampled_from(_WORDS)).map("".join)
    )


def _matrices() -> st.SearchStrategy[dict[str, object]]:
    axes = st.sampled_from(("size", "a", "b", "", "a,b", "{a}"))
    value = st.one_of(_names(), st.integers(-1, 3), st.sampled_from((1.5, True, None, "{b}{b}", "{a}")))
    return st.dictionaries(axes, st.lists(value, max_size=4), max_size=3)


def _assets() -> st.SearchStrategy[dict[str, object]]:
    more = {"matrix": _matrices(), "members": st.lists(_names(), max_size=3)}
    preset = st.sampled_from(("tiny", "tiny", "tiny", "maps", "atlas"))
    return st.fixed_dictionaries({"preset": preset}, optional={**more, "prompt": _names(), "seed": st.integers(0, 3)})


@st.composite
def cases(draw: st.DrawFn) -> Files:
    """A pack with unusual names."""
    pack = {
        "pack": draw(st.one_of(st.just("art"), st.just("art"), _names())),
        "target": draw(st.one_of(st.just("art"), st.just(""), st.just("art/x"), _names())),
        "engine": draw(st.sampled_from(("plain", "godot", "gltf"))),
        "assets": draw(st.dictionaries(_names(), _assets(), max_size=4)),
    }
    files = {**_PRESETS, "pack/pack.yaml": yaml_bytes(pack)}
    for name in draw(st.lists(_names(), max_size=2)):
        if 0 < len(name) < 250 and "\0" not in name and ".." not in name.split("/"):
            files[f"pack/inbox/{name}.obj"] = b"v 0 0 0\n"
    files["only"] = draw(st.one_of(st.just("*"), _names())).encode("utf-8", "replace")
    return files


def known() -> list[Files]:
    """Cases that failed once."""
    packs = [
        {"assets": [{"name": "," * 60_000, "preset": "tiny"}]},
        {"assets": {"x_{a}_{b}": {"preset": "tiny", "matrix": {"a": ["{b}" * 99, "r"], "b": ["{a}" * 99, "s"]}}}},
        {"assets": {"manifest": {"preset": "atlas", "members": ["a"]}, "a": {"preset": "tiny"}}},
        {"assets": {"wall": {"preset": "maps"}, "wall_normal": {"preset": "tiny"}}},
        {"assets": {"x" * 119: {"preset": "maps"}}},
        {"assets": {"{0,1,2,3,4,5,6,7,8,9}" * 6: {"preset": "tiny"}}},
    ]
    return [{**_PRESETS, "pack/pack.yaml": yaml_bytes({"pack": "p", **pack}), "only": b"*"} for pack in packs]


def check(root: Path) -> None:
    """Plan; build small packs twice. The second build has nothing to do."""
    only = (root / "only").read_text("utf-8")
    project = Project.load(root / "pack", root / "game")
    with family_errors():
        project.plan(only)
    recipes = project.plan().recipes
    if len(recipes) <= _MOST_BUILT and all(recipe.source.part.name != "diffusion" for recipe in recipes):
        machine = Machine(Store(root / "store"), root / "machine")
        first, second = (build_pack(project, machine, BuildOptions(), no_crash) for _ in range(2))
        if (second.published, second.failed) != (0, first.failed):
            raise Defect(f"the second build differs: {second}, after {first}")
