"""Files of strangers that could take all time or memory."""

import base64
import contextvars
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assetgen.build.manifest import ManifestEntry, read_manifest
from assetgen.build.publish import Target
from assetgen.controls._fit import fit_to_size
from assetgen.controls._mesh import read_mesh
from assetgen.controls.depth import depth
from assetgen.controls.normal import normal
from assetgen.errors import Cancelled, InputError, PublishError, is_cancelled
from assetgen.files import read_limited
from assetgen.images import color_image
from assetgen.pack.library import library_for, load_pack
from assetgen.pack.lock import read_lock
from assetgen.pack.resolve import resolve_pack
from assetgen.parts import InputFile
from assetgen.pixels.image_files import read_image
from assetgen.pixels.palettes import read_palette
from assetgen.store.store import Store, files_from


def test_a_device_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(OSError, match="not a regular file"):
            read_limited(tmp_path / name, 10)


def test_a_palette_that_is_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.hex")
    with pytest.raises(InputError, match="not a regular file"):
        read_palette(tmp_path / "a.hex")


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_limited(tmp_path / "a", 5) == b"12345"
    with pytest.raises(OSError, match="larger than"):
        read_limited(tmp_path / "a", 4)


def test_yaml_files_that_are_devices_are_no_presets_and_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.yaml")
    names = library_for(tmp_path).preset_names()
    assert "pixel_sprite" in names
    assert not {"zero", "pipe"} & set(names)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_lock_or_pack_that_is_no_regular_file_is_one_sentence(tmp_path: Path, kind: str) -> None:
    for name in ("pack.yaml", "pack.lock"):
        if kind == "pipe":
            os.mkfifo(tmp_path / name)
        else:
            (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(InputError):
        load_pack(tmp_path)
    with pytest.raises(InputError, match="not a regular file"):
        read_lock(tmp_path / "pack.lock")


def test_an_obj_file_of_blank_lines_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "blank.obj").write_bytes(b"\n" * 400_000)
    code = "import sys, pathlib\nfrom assetgen.controls._mesh import read_mesh\nread_mesh(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path / "blank.obj")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "InputError" in done.stderr


def test_an_obj_file_with_blank_lines_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("\n\nv 0 0 0\nv 1 0 0\n\nv 0 1 0\nf 1 2 3\n")
    assert read_mesh(tmp_path / "a.obj").triangles.shape == (1, 3, 3)


@pytest.mark.parametrize("name", ["{" + "," * 60_000, "a" * 60_000, "{" * 60_000])
def test_a_very_long_asset_name_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "pack.yaml").write_text(f'pack: p\nassets: [{{name: "{name}", preset: fake}}]')
    with pytest.raises(InputError, match="longer than"):
        resolve_pack(load_pack(tmp_path))


def test_an_image_of_one_column_is_not_scaled_to_cover_a_size(tmp_path: Path) -> None:
    Image.new("L", (1, 20_000)).save(tmp_path / "line.png")
    with pytest.raises(InputError, match="too narrow to cover 512 × 512"):
        fit_to_size(read_image(tmp_path / "line.png"), (512, 512), "cover")


def test_a_wide_image_still_covers_a_size() -> None:
    assert fit_to_size(np.zeros((64, 640, 3), np.uint8), (512, 512), "cover").shape == (512, 512, 3)


def test_libraries_are_imported_before_worker_threads_need_them(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets: {a: {preset: pixel_sprite, prompt: x}}")
    code = (
        "import sys, pathlib\nfrom assetgen.build.attempts import Attempt\n"
        "from assetgen.build.sampling import Sampler\n"
        "from assetgen.machine import this_machine\nfrom assetgen.pack.project import Project\n"
        "[recipe] = Project.load(pathlib.Path(sys.argv[1])).plan(draft=True).recipes\n"
        "next(Sampler(this_machine(), lambda event: None).sampled([Attempt(recipe, 0)]))\n"
        "assert {'cv2', 'scipy.fft', 'scipy.ndimage', 'scipy.spatial'} <= set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)


@pytest.mark.parametrize("number", ["1:30", "1:59.5", "1:" + ":".join(["59"] * 3_000)])
def test_sexagesimal_numbers_are_text(tmp_path: Path, number: str) -> None:
    (tmp_path / "pack.yaml").write_text(f"pack: p\nassets: {{a: {{preset: pixel_sprite, prompt: x, seed: {number}}}}}")
    with pytest.raises(InputError, match="seed' should be a whole number"):
        load_pack(tmp_path)


def test_axes_inside_the_values_of_a_matrix_stay_as_they_are(tmp_path: Path) -> None:
    values = "{a: ['{b}{b}', red], b: ['{a}{a}', blue]}"
    text = f"pack: p\nassets: {{'x_{{a}}_{{b}}': {{preset: pixel_sprite, prompt: '{{a}} {{b}}', matrix: {values}}}}}"
    (tmp_path / "pack.yaml").write_text(text)
    with pytest.raises(InputError, match=r"'x_\{b\}\{b\}_\{a\}\{a\}' cannot be the name"):
        resolve_pack(load_pack(tmp_path))


@pytest.mark.parametrize("path", ["manifest.json", "Manifest.json", ".assetgen-journal"])
def test_no_asset_replaces_the_manifest(tmp_path: Path, path: str) -> None:
    target = Target(tmp_path, "art", "p")
    with pytest.raises((PublishError, InputError)):
        target.publish("manifest", {path: b"{}"}, ManifestEntry("key"))
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("attempt", ["null", '"x"', "1.5", "[]"])
def test_a_manifest_with_an_attempt_that_is_no_number_is_one_sentence(tmp_path: Path, attempt: str) -> None:
    entry = f'{{"key": "k", "files": {{}}, "engine_owned": [], "attempt": {attempt}}}'
    (tmp_path / "manifest.json").write_text(f'{{"assetgen": 1, "pack": "p", "assets": {{"a": {entry}}}}}')
    with pytest.raises(PublishError, match="not a manifest"):
        read_manifest(tmp_path / "manifest.json", "p")


def test_a_stored_image_set_with_other_metadata_counts_as_absent(tmp_path: Path) -> None:
    store = Store(tmp_path)
    image = color_image(np.zeros((4, 4, 3), np.uint8))
    files = files_from(image) | {"meta.json": b'{"trim": {"offset": 1.5}}'}
    store.write("images", "0" * 64, files)
    assert store.read_images("images", "0" * 64) is None
    assert not store.has("images", "0" * 64)


def many_triangles(path: Path, count: int) -> InputFile:
    """A binary STL file of triangles that cross the whole model."""
    faces = np.zeros(count, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    faces["corners"] = np.random.default_rng(0).uniform(-1, 1, (count, 3, 3))
    path.write_bytes(bytes(80) + count.to_bytes(4, "little") + faces.tobytes())
    return InputFile.model_validate(str(path))


def test_a_mesh_that_takes_minutes_to_render_is_refused(tmp_path: Path) -> None:
    mesh = many_triangles(tmp_path / "large.stl", 60_000)
    for control in (depth, normal):
        with pytest.raises(InputError, match=r"large\.stl: its triangles cover too many pixels"):
            control(mesh=mesh, size=(1024, 1024))


@pytest.mark.parametrize("control", [depth, normal])
def test_rendering_a_mesh_can_be_cancelled(tmp_path: Path, control: Callable[..., object]) -> None:
    mesh = many_triangles(tmp_path / "large.stl", 1_000)
    asked = itertools.count()
    context = contextvars.copy_context()
    context.run(is_cancelled.set, lambda: next(asked) > 3)
    with pytest.raises(Cancelled):
        context.run(control, mesh=mesh)


def gltf(path: Path, **changes: object) -> Path:
    """A glTF file of one triangle, with changes at the top of its document."""
    corners = base64.b64encode(np.array([0, 0, 0, 1, 0, 0, 0, 1, 0], "<f4").tobytes()).decode()
    tree = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36, "uri": f"data:;base64,{corners}"}],
    }  # fmt: skip
    path.write_text(json.dumps(tree | changes))
    return path


def test_what_the_shape_does_not_need_is_not_read(tmp_path: Path) -> None:
    broken = [{"pbrMetallicRoughness": "not a material"}] * 100_000
    mesh = read_mesh(gltf(tmp_path / "a.gltf", materials=broken, images=[{"uri": "../../secret.png"}], animations=[7]))
    assert mesh.triangles.shape == (1, 3, 3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nodes": [{"children": [index + 1]} for index in range(999)] + [{"mesh": 0}]}, "more than 200 levels"),
        ({"nodes": [{"mesh": 0, "children": [0]}]}, "its own ancestor"),
        ({"meshes": [{"primitives": []}] * 100_001}, "100,001 meshes"),
        ({"meshes": [{"primitives": [{"attributes": {"POSITION": 0}}] * 10_001}]}, "more than 10,000 primitives"),
        ({"extras": [[]] * 1_000_000}, "2,000,0.. values"),
        ({"accessors": [{"componentType": 5126, "count": 10**12, "type": "VEC3"}]}, "triangles"),
        ({"accessors": [{"componentType": 5126, "count": -3, "type": "VEC3"}]}, "damaged"),
        ({"bufferViews": [{"buffer": 0, "byteLength": 36, "byteStride": -12}]}, "damaged"),
    ],
    ids=["deep", "cycle", "meshes", "primitives", "values", "count", "negative count", "stride"],
)
def test_a_hostile_gltf_file_is_refused(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_mesh(gltf(tmp_path / "a.gltf", **changes))


def test_a_gltf_file_of_too_much_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"128,000,4.. bytes.*export it as \.glb"):
        read_mesh(gltf(tmp_path / "a.gltf", extras="A" * 128_000_000))
