"""SECURITY.md lists every limit on input, with the numbers of the code."""

import ast
import importlib
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIMITS = {
    "YAML file": "pack.yaml_files.MAX_YAML_BYTES pack.yaml_files._MAX_NODES pack.yaml_files._MAX_DEPTH"
    " pack.yaml_files._MAX_BITS",
    "pack": "pack.entries._MAX_ASSETS pack.resolve._MAX_MEMBERS pack.entries._MAX_NAME"
    " pack.entries._MAX_WRITTEN_NAME pack.entries._MAX_SEGMENT",
    "inbox": "pack.inbox.MAX_INBOX_FILES",
    "preset": "pack.library._MAX_LINEAGE server.catalog._MAX_THUMBNAIL",
    "folder of weights": "pack.weights._MAX_FILES",
    "weight file": "pack.weights._MAX_BYTES",
    "captions": "pack.completion._MAX_BYTES",
    "ONNX network": "diffusion.loading.onnx_files._MAX_BYTES",
    "lock": "pack.lock._MAX_BYTES",
    "manifest, journal": "build.manifest._MAX_BYTES build.publish._MAX_JOURNAL",
    "image": "pixels.image_files._MAX_FILE_BYTES images.MAX_PIXELS pixels.image_files._MAX_DEEP_PIXELS"
    " images.MAX_SCALED_PIXELS",
    "palette": "pixels.palettes._MAX_FILE_BYTES pixels.palettes.MAX_COLORS",
    "mesh": "controls._mesh._MAX_BYTES controls._gltf._MAX_BUFFER_BYTES controls._polygons.MAX_FACES"
    " controls._polygons._MAX_LINE controls._gltf._MAX_JSON_BYTES controls._gltf._MAX_VALUES controls._gltf._MAX_NODES"
    " controls._gltf._MAX_LEVELS controls._gltf._MAX_PRIMITIVES controls._gltf._MAX_LISTED",
    "rendering of a mesh": "controls._raster._MAX_WORK controls.turntable._MOST_PIXELS",
    "sheet of frames": "pixels.sheets.MAX_SIDE",
    "request body": "server.guard._JSON_BYTES server.requests.MAX_DEPTH server.requests.MAX_VALUES"
    " server.guard._UPLOAD_BYTES",
    "make, candidates": "server.requests.MAX_VARIATIONS build.candidates.MAX_CANDIDATES",
    "connections": "server.protocol._MOST_CONNECTIONS",
    "queued jobs": "server.jobs.MAX_QUEUED",
    "message": "errors._MAX_MESSAGE",
}
"""The constants in `assetgen` that each row of the table states, in order."""
OTHER = (
    "build.contact_sheet._MAX_BYTES build.like._MAX_BYTES"
    " build.ownership._MAX_PATH cli.init._MAX_PACKAGE_BYTES controls._detector._MOST_LONG"
    " exporters.aseprite._MOST_COLORS"
    " controls._detector._MOST_SIDE controls._smooth._MOST_AROUND"
    " diffusion.families.flux2._MAX_REFERENCE_PIXELS diffusion.families.flux2._MAX_SEQUENCE_LENGTH"
    " diffusion.families.z_image._MAX_SEQUENCE_LENGTH watch.error_notes._MAX_BYTES"
    " diffusion.families.qwen_image_21._MAX_TOKENS diffusion.families.qwen_image_edit._MAX_TOKENS"
    " pixels.alpha_faults.MAX_TOUCHING pixels.outlines._MAX_ISLANDS pixels.outlines._MAX_VERTICES"
    " diffusion.families.sd3._MAX_SEQUENCE_LENGTH"
    " diffusion.loading.textual_inversion._MAX_DIMENSIONS diffusion.sampling.decode._MAX_PIXELS"
    " diffusion.speed.compiling._MAX_SHAPES diffusion.speed.cuda_graphs._MAX_GRAPHS pack.changes._MAX_SHOWN"
    " pack.captions._MAX_ROWS pack.captions._MAX_WORDS"
    " server.jobs.MAX_EVENTS server.jobs.MAX_STARTS server.projects._MAX_SEGMENT server.requests.MAX_SAFE_INTEGER"
    " server.routes._MAX_WAIT steps.pixelate._MOST_SAMPLES"
)
"""Constants with such names that refuse no input: how something is computed, batched or shown."""
UNITS = {"KiB": 1024, "MB": 10**6, "GB": 10**9}
A_LIMIT = re.compile(r"_?(MAX|MOST)_|_(JSON|UPLOAD)_BYTES$")


def table() -> dict[str, str]:
    """The rows of SECURITY.md's table of limits."""
    section = (ROOT / "SECURITY.md").read_text().partition("## Limits")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)
    return {name: limit for name, limit in rows if set(name) != {"-"} and name != "input"}


def numbers(text: str) -> list[float]:
    """The numbers in a text with their units; `2 × 3` is one, 6."""
    number = r"\d[\d,]*"
    found = re.findall(rf"({number}(?: × {number})*)(?: (KiB|MB|GB))?", text)
    factors = ([int(each.replace(",", "")) for each in product.split(" × ")] for product, _ in found)
    return [math.prod(each) * UNITS.get(unit, 1) for each, (_, unit) in zip(factors, found, strict=True)]


def value(constant: str) -> float:
    module, _, name = constant.rpartition(".")
    found: float = getattr(importlib.import_module(f"assetgen.{module}"), name)
    return found


def constants() -> Iterator[str]:
    """Every constant of the package that is named like a limit."""
    for file in sorted((ROOT / "assetgen").rglob("*.py")):
        module = file.relative_to(ROOT / "assetgen").with_suffix("").as_posix().replace("/", ".")
        for statement in ast.parse(file.read_text()).body:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
            yield from (f"{module.removesuffix('.__init__')}.{name}" for name in names if A_LIMIT.match(name))


@pytest.mark.parametrize("name", LIMITS)
def test_the_documented_limits_are_those_of_the_code(name: str) -> None:
    assert numbers(table()[name]) == [value(constant) for constant in LIMITS[name].split()]


def test_every_row_of_the_limits_is_compared() -> None:
    assert list(table()) == list(LIMITS)


def test_every_limit_of_the_code_is_documented() -> None:
    assert sorted(constants()) == sorted(" ".join([*LIMITS.values(), OTHER]).split())
