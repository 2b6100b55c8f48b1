"""Detectors of controlnet-aux, run with random weights saved in the layout of the published files.

That proves that their code runs here, and what comes of shapes, ranges, weights and mistakes; not how well they see.
"""

import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from assetgen.controls._detector import DetectorInput, load_module
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.speed.devices import libraries
from assetgen.errors import InputError, NotInstalledError
from assetgen.images import Array
from assetgen.pack.library import PackFile
from assetgen.pack.recipe import Stage
from assetgen.pack.resolve import resolve_pack
from assetgen.parts import InputFile, load_part, part_names
from assetgen.pixels.image_files import encode_png

Make = Callable[[], Any]


def wrapped(network: Any) -> dict[str, Any]:
    """As training on several GPUs saves it."""
    return {f"module.{name}": tensor for name, tensor in network.state_dict().items()}


def anime() -> Any:
    module = load_module("lineart_anime")
    norm = partial(module.nn.InstanceNorm2d, affine=False, track_running_stats=False)
    return module.UnetGenerator(3, 1, 8, 64, norm_layer=norm, use_dropout=False)


PUBLISHED: dict[str, Make] = {
    "hed": lambda: load_module("hed").ControlNetHED_Apache2().state_dict(),
    "pidi": lambda: {"state_dict": wrapped(load_module("pidi").pidinet())},
    "mlsd": lambda: load_module("mlsd").MobileV2_MLSD_Large().state_dict(),
    "lineart_realistic": lambda: load_module("lineart").Generator(3, 1, 3).state_dict(),
    "lineart_coarse": lambda: load_module("lineart").Generator(3, 1, 3).state_dict(),
    "lineart_anime": lambda: wrapped(anime()),
    "teed": lambda: load_module("teed").TED().state_dict(),
    "anyline": lambda: load_module("anyline").TED().state_dict(),
}
NEED_TORCHVISION = ("midas", "zoe", "leres", "normalbae", "open_pose", "segment_anything")


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    yield
    unload_models()


def saved(path: Path, array: Array) -> InputFile:
    path.write_bytes(encode_png(array))
    return InputFile.model_validate(str(path))


@pytest.fixture
def drawing(tmp_path: Path) -> InputFile:
    """A blue disc on grey, twice as wide as high."""
    array = np.full((100, 200, 3), 220, np.uint8)
    cv2.circle(array, (100, 50), 40, (30, 90, 180), -1)
    return saved(tmp_path / "drawing.png", array)


def weights(folder: Path, name: str) -> InputFile:
    import torch

    torch.manual_seed(0)
    torch.save(PUBLISHED[name](), folder / f"{name}.pth")
    return InputFile.model_validate(str(folder / f"{name}.pth"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_detector_draws_at_the_requested_size(tmp_path: Path, drawing: InputFile, name: str) -> None:
    made = load_part("control", name).run(image=drawing, size=(72, 64), weights=weights(tmp_path, name))["color"]
    assert (made.shape, made.dtype) == ((64, 72, 3), np.uint8)
    assert (made == made[..., :1]).all()


@pytest.mark.slow
def test_equal_images_give_equal_drawings_and_others_differ(tmp_path: Path, drawing: InputFile) -> None:
    draw = partial(load_part("control", "lineart_anime").run, size=(64, 64), weights=weights(tmp_path, "lineart_anime"))
    other = saved(tmp_path / "other.png", np.full((50, 50, 3), 9, np.uint8))
    first, again, different = (draw(image=image)["color"] for image in (drawing, drawing, other))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, different)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_detector_runs_on_the_given_device(tmp_path: Path, drawing: InputFile, name: str) -> None:
    with pytest.raises(InputError, match=r"there is no device 'cuda:77' here. Use auto, .*cpu"):
        load_part("control", name).run("cuda:77", image=drawing, size=(64, 64), weights=weights(tmp_path, name))


def test_a_scribble_is_black_and_white(tmp_path: Path, drawing: InputFile) -> None:
    made = load_part("control", "hed").run(
        image=drawing, size=(512, 512), kind="scribble", weights=weights(tmp_path, "hed")
    )
    assert set(np.unique(made["color"])) <= {0, 255}


def test_borders_outside_the_image_are_black(tmp_path: Path, drawing: InputFile) -> None:
    words = {"size": (128, 128), "fit": "contain", "weights": weights(tmp_path, "teed")}
    made = load_part("control", "teed").run(image=drawing, **words)["color"]
    assert made[:30].max() == made[-30:].max() == 0
    assert made[40:88].min() > 0


@pytest.mark.parametrize(
    ("size", "looked_at"), [((4096, 8), (4096, 64)), ((128, 64), (1024, 512)), ((2048,) * 2, (1024,) * 2)]
)
def test_a_detector_receives_an_image_of_a_size_it_was_trained_for(
    drawing: InputFile, size: tuple[int, int], looked_at: tuple[int, int]
) -> None:
    assert DetectorInput(drawing, size, "cover").read().shape[1::-1] == looked_at


def test_an_image_of_one_pixel_is_accepted(tmp_path: Path) -> None:
    dot = DetectorInput(saved(tmp_path / "dot.png", np.zeros((1, 1, 4), np.uint8)), (64, 8), "contain")
    assert dot.control_image(dot.read())["color"].max(axis=(0, 2)).nonzero()[0].tolist() == list(range(28, 36))


def test_safetensors_are_read_too(tmp_path: Path, drawing: InputFile) -> None:
    from safetensors.torch import save_file

    plain = weights(tmp_path, "teed")
    save_file(PUBLISHED["teed"](), tmp_path / "teed.safetensors")
    file = InputFile.model_validate(str(tmp_path / "teed.safetensors"))
    sizes = [load_part("control", "teed").run(image=drawing, weights=each)["color"].shape for each in (plain, file)]
    assert sizes == [(512, 512, 3)] * 2


class Trap:
    """An object that opens a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return open, (str(self.place), "w")


def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(
    tmp_path: Path, drawing: InputFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    (tmp_path / "bad.pth").write_bytes(pickle.dumps({"block1": Trap(tmp_path / "ran")}))
    with pytest.raises(InputError, match="holds more than tensors, and is not opened"):
        load_part("control", "hed").run(image=drawing, weights=InputFile.model_validate(str(tmp_path / "bad.pth")))
    assert not (tmp_path / "ran").exists()


def test_a_file_that_torch_saved_with_code_in_it_is_refused_too(tmp_path: Path, drawing: InputFile) -> None:
    import torch

    torch.save({"x": Trap(tmp_path / "ran")}, tmp_path / "bad.pth")
    with pytest.raises(InputError, match="holds more than tensors"):
        load_part("control", "hed").run(image=drawing, weights=InputFile.model_validate(str(tmp_path / "bad.pth")))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_reported(tmp_path: Path, drawing: InputFile, content: bytes) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        load_part("control", "hed").run(image=drawing, weights=InputFile.model_validate(str(tmp_path / "bad.pth")))


@pytest.mark.parametrize("name", ["hed", "pidi", "mlsd"])
def test_weights_of_another_detector_are_refused(tmp_path: Path, drawing: InputFile, name: str) -> None:
    with pytest.raises(InputError, match=r"'teed.pth' does not hold the weights of this detector"):
        load_part("control", name).run(image=drawing, weights=weights(tmp_path, "teed"))


@pytest.mark.parametrize("name", ["hed", "pidi", "mlsd", "lineart_realistic", "lineart_anime", "segment_anything"])
def test_missing_weights_are_reported_with_the_download_command(
    drawing: InputFile, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(NotInstalledError, match=r"While online, run: assetgen models get \w+") as raised:
        load_part("control", name).run(image=drawing)
    assert raised.value.exit_code == 3


@pytest.mark.parametrize("name", ["teed", "anyline"])
def test_weights_without_a_pinned_revision_are_required(drawing: InputFile, name: str) -> None:
    with pytest.raises(
        NotInstalledError,
        match=r"'(\S+)' of .*Download it from https://huggingface.co/\S+ and write its path, like `weights: \1`",
    ):
        load_part("control", name).run(image=drawing)


def test_weights_that_are_neither_file_nor_pinned_are_refused(
    write_pack: Callable[[str], PackFile], drawing: InputFile
) -> None:
    text = (
        "pack: p\nassets:\n  a: {preset: painted_concept, prompt: x, hed: {image: drawing.png, weights: {hub: a/b}}}\n"
    )
    with pytest.raises(
        InputError, match=r"pack.yaml:3: hed: .*weights are a file, or \{hub: …, revision: …, file: …\}"
    ):
        resolve_pack(write_pack(text))


@pytest.mark.parametrize("name", NEED_TORCHVISION)
def test_missing_torchvision_is_reported_with_the_command_for_this_torch(
    drawing: InputFile, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(NotInstalledError, match=r'torchvision.*pip install --no-deps "torchvision==0\.\d+\.\*" timm'):
        load_part("control", name).run(image=drawing, weights=weights(tmp_path, "teed"))


def test_a_missing_package_is_reported_with_both_commands(
    drawing: InputFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = weights(tmp_path, "teed")
    libraries()
    for known in [each for each in sys.modules if each.partition(".")[0] == "controlnet_aux"]:
        monkeypatch.delitem(sys.modules, known)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [each for each in sys.meta_path if "Editable" not in str(each)])
    with pytest.raises(
        NotInstalledError, match=r"needs controlnet-aux. .*pip install --no-deps controlnet-aux==0.0.10"
    ):
        load_part("control", "teed").run(image=drawing, weights=file)


def test_missing_mediapipe_is_reported_with_the_install_command(drawing: InputFile) -> None:
    with pytest.raises(NotInstalledError, match=r'pip install --no-deps "mediapipe<0.10.22"'):
        load_part("control", "mediapipe_face").run(image=drawing)


@pytest.mark.slow
def test_own_controls_match_those_of_controlnet_aux(drawing: InputFile) -> None:
    picture = load_part("control", "picture").run(image=drawing, kind="x", size=(512, 512))["color"]
    theirs = load_module("canny").CannyDetector()(picture, output_type="np")
    assert np.array_equal(load_part("control", "canny").run(image=drawing)["color"], theirs)
    theirs = load_module("lineart_standard").LineartStandardDetector()(picture, output_type="np")
    assert np.abs(load_part("control", "lineart").run(image=drawing)["color"].astype(int) - theirs).max() <= 1


def test_every_detector_of_the_package_is_a_control() -> None:
    load_module("util")
    [package] = sys.modules["controlnet_aux"].__path__
    known = {folder.name for folder in Path(package).iterdir() if (folder / "__init__.py").is_file()}
    assert known - set(part_names("control")) == {"lineart_standard"}  # which `lineart` is
    assert known - {"lineart_standard"} > {"dwpose", "zoe", "canny"}


def test_every_detector_has_a_licence() -> None:
    detectors = {name: load_part("control", name).traits.detector for name in part_names("control")}
    assert {name for name, each in detectors.items() if each and not each.commercial} == {"leres", "open_pose", "pidi"}
    assert all(each.licence and each.licence_url.startswith("https://") for each in detectors.values() if each)
    assert {name for name, each in detectors.items() if each is None} == {
        "canny", "depth", "lineart", "normal", "picture", "poses", "reference", "scene", "shaded", "surface", "thing",
        "shuffle", "turntable",
    }  # fmt: skip


def test_weights_enter_keys_by_revision_or_content(
    tmp_path: Path, drawing: InputFile, write_pack: Callable[[str], PackFile]
) -> None:
    file = weights(tmp_path, "teed")
    own, scribble = resolve_pack(
        write_pack(
            "pack: p\nassets:\n"
            "  a: {preset: painted_concept, prompt: x, hed: {image: drawing.png, weights: teed.pth}}\n"
            "  b: {preset: painted_concept, prompt: x, hed: {image: drawing.png, kind: scribble}}\n"
        )
    )
    stages: list[Stage] = [own.controls[0], scribble.controls[0]]
    assert stages[0].identity["words"]["weights"] == file.sha256
    assert (
        stages[1].identity["words"]["weights"].endswith("@982e7edaec38759d914a963c48c4726685de7d96/ControlNetHED.pth")
    )
    assert [stage.control_kind for stage in stages] == ["softedge", "scribble"]


def test_a_missing_file_is_reported_with_its_line(write_pack: Callable[[str], PackFile], drawing: InputFile) -> None:
    text = "pack: p\nassets:\n  a: {preset: painted_concept, prompt: x, hed: {image: drawing.png, weights: no.pth}}\n"
    with pytest.raises(InputError, match=r"pack.yaml:3: hed: .*there is no file .*no.pth"):
        resolve_pack(write_pack(text))


@pytest.mark.slow
@pytest.mark.model
def test_a_build_conditions_on_a_detector_on_the_same_device(
    tmp_path: Path, drawing: InputFile, assetgen: Callable[..., tuple[int, str, str]]
) -> None:
    weights(tmp_path, "teed")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/own.yaml").write_text(
        "model: own\nfamily: stable_diffusion\nweights: {bundled: mini}\nlicence: Apache-2.0\nnative: [128, 128]\n"
        "controls: {softedge: {weights: {bundled: mini/controlnet_depth}, licence: Apache-2.0}}\n"
    )
    control = "teed: {image: drawing.png, weights: teed.pth}"
    asset = f"{{preset: painted_concept, prompt: x, diffusion: {{steps: 2}}, {control}}}"
    (tmp_path / "pack.yaml").write_text(f"pack: p\nmodel: own\nassets:\n  a: {asset}\n")
    build = partial(assetgen, "build", tmp_path, "--game", tmp_path / "game", "--store", tmp_path / "store")
    code, _, err = build("--device", "cuda:77")
    assert (code, "there is no device 'cuda:77' here" in " ".join(err.split())) == (2, True), err
    code, _, err = build("--device", "cpu")
    assert (code, (tmp_path / "game/a.png").is_file()) == (0, True), err


def test_controls_receive_a_device_by_their_signature() -> None:
    controls = {name: load_part("control", name).takes_device for name in ("hed", "mediapipe_face", "canny")}
    assert controls == {"hed": True, "mediapipe_face": False, "canny": False}
