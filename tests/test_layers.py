"""The layers of the package, its limits on size, and the uniqueness of names, checked in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "assetgen"
LAYERS = {
    "__init__": 0, "errors": 0, "events": 0,
    "files": 0, "images": 1, "parts": 1, "terms": 0, "pixels": 1,
    "machine": 2, "pack": 2, "store": 2,
    "sources": 3, "controls": 3, "steps": 3, "checks": 3, "exporters": 3, "diffusion": 3,
    "build": 4, "runners": 4, "install": 4, "review": 4,
    "cli": 5, "watch": 5, "server": 5,
}  # fmt: skip
PARTS = ("sources", "controls", "steps", "checks", "exporters")
FOR_PARTS = {"errors", "events", "files", "images", "parts", "pixels", "terms"}
HEAVY = {
    "torch", "diffusers", "transformers", "trimesh", "cv2", "ray", "scipy", "PIL", "pymatting", "fsspec",
    "watchfiles",
}  # fmt: skip
RAY_MODULES = {ROOT / "runners/cluster.py", ROOT / "runners/ray_runner.py"}
"""They may import Ray at the top: only `open_runner` imports them, inside the function."""
Function = ast.FunctionDef | ast.AsyncFunctionDef
MODULES = sorted(ROOT.rglob("*.py"))


def area(module: Path) -> str:
    """The module or the folder at the top of the package that a file belongs to."""
    return module.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(module: Path, *, top_only: bool = False) -> Iterator[str]:
    tree = ast.parse(module.read_text())
    checking = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    skipped = {id(child) for node in checking for child in ast.walk(node)}
    nodes = tree.body if top_only else [node for node in ast.walk(tree) if id(node) not in skipped]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def own_imports(module: Path) -> Iterator[str]:
    for name in imports(module):
        if name.startswith("assetgen."):
            yield name.split(".")[1] if name.split(".")[1] in LAYERS else "__init__"


def test_every_module_has_a_layer() -> None:
    assert {area(module) for module in MODULES} - set(LAYERS) == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_module_imports_lower_layers_only(module: Path) -> None:
    upward = [name for name in own_imports(module) if LAYERS[name] > LAYERS[area(module)]]
    assert upward == []


@pytest.mark.parametrize("module", [m for m in MODULES if area(m) in PARTS], ids=lambda m: str(m.relative_to(ROOT)))
def test_a_part_imports_no_other_part_and_nothing_that_runs_parts(module: Path) -> None:
    kind = area(module)
    models = {"diffusion", "pack"}
    extra = {"sources": models, "controls": models, "steps": models, "checks": {"pack"}}.get(kind, set())
    forbidden = {name for name in own_imports(module) if name not in FOR_PARTS | extra | {kind, "__init__"}}
    siblings = {n for n in imports(module) if n.startswith(f"assetgen.{kind}.") and not n.split(".")[2].startswith("_")}
    assert (forbidden, siblings) == (set(), set())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_heavy_packages_are_imported_inside_functions(module: Path) -> None:
    allowed = {"ray"} if module in RAY_MODULES else set[str]()
    assert {name.split(".")[0] for name in imports(module, top_only=True)} & HEAVY <= allowed


def test_modules_that_import_ray_are_imported_inside_functions() -> None:
    names = {f"assetgen.runners.{module.stem}" for module in RAY_MODULES}
    importers = {m for m in MODULES if any(n.startswith(tuple(names)) for n in imports(m, top_only=True))}
    assert importers <= RAY_MODULES


def test_torch_and_diffusers_are_named_in_the_diffusion_folder_alone() -> None:
    users = {area(m) for m in MODULES if {"torch", "diffusers"} & {name.split(".")[0] for name in imports(m)}}
    assert users == {"diffusion"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_files_functions_and_signatures_stay_small(module: Path) -> None:
    text = module.read_text()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50]
    wide = [node.name for node in functions if parameters(node) > 6 and not is_entry_point(node)]
    assert (text.count("\n") <= 400, long, wide) == (True, [], [])


def test_the_top_of_the_package_stays_small() -> None:
    assert len(list(ROOT.glob("*.py"))) <= 8


def test_a_public_name_is_defined_in_one_module() -> None:
    """Entry points are exempt: a step and a check, or a command and a control, may share the name that users see."""
    modules: dict[str, set[str]] = {}
    for module in MODULES:
        for name in public_names(module):
            modules.setdefault(name, set()).add(str(module.relative_to(ROOT)))
    twice = {name: sorted(found) for name, found in modules.items() if len(found) > 1}
    assert twice == {}


def parameters(function: Function) -> int:
    args = function.args
    return len([each for each in args.posonlyargs + args.args + args.kwonlyargs if each.arg not in ("self", "cls")])


def is_entry_point(node: ast.stmt) -> bool:
    """Parts, commands and HTTP routes: functions with a decorator that is called, or with options of Typer."""
    if not isinstance(node, Function):
        return False
    decorated = any(isinstance(each, ast.Call) for each in node.decorator_list)
    return decorated or any("typer." in ast.unparse(each) for each in ast.walk(node.args) if isinstance(each, ast.Call))


def public_names(module: Path) -> Iterator[str]:
    """Names that a module defines and that are neither private nor names of entry points."""
    for node in ast.parse(module.read_text()).body:
        names: list[str] = []
        if isinstance(node, ast.ClassDef | Function) and not is_entry_point(node):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not is_type_variable(node):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        yield from (name for name in names if not name.startswith("_"))


def is_type_variable(node: ast.Assign | ast.AnnAssign) -> bool:
    return isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "TypeVar"


def test_imports_inside_functions_are_found(tmp_path: Path) -> None:
    module = tmp_path / "wrong.py"
    module.write_text("def f():\n    from assetgen.build.run import build_pack\n    import torch\n")
    assert list(own_imports(module)) == ["build"]
    assert "torch" in list(imports(module))
