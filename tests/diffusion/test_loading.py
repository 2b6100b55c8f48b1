"""Model folders that are refused, and the errors; LoRAs."""

import json
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.loading.weight_files import check_part
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError, NotInstalledError
from assetgen.events import Event, ignore
from assetgen.pack.locations import Folder, Hub
from assetgen.pack.schema import Lora, ModelCard
from assetgen.parts import SourceJob

pytestmark = pytest.mark.model


@pytest.fixture
def copied(tiny: ModelCard, tmp_path: Path) -> ModelCard:
    assert isinstance(tiny.weights, Folder)
    shutil.copytree(tiny.weights.folder, tmp_path / "model")
    return tiny.model_copy(update={"weights": Folder(folder=tmp_path / "model")})


def load(card: ModelCard, *loras: Lora, kinds: tuple[str, ...] = ()) -> None:
    warm_model(card, loras, kinds, ignore)


@pytest.mark.parametrize(
    "missing",
    [
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    ],
)
def test_a_missing_file_is_named(copied: ModelCard, tmp_path: Path, missing: str) -> None:
    (tmp_path / "model" / missing).unlink()
    with pytest.raises(InputError, match="missing") as raised:
        load(copied)
    assert Path(missing).parts[0] in str(raised.value)
    assert str(raised.value).count("\n") == 0


def test_an_unloaded_model_is_freed_and_loaded_again(copied: ModelCard) -> None:
    told: list[Event] = []
    warm = weakref.ref(warm_model(copied, (), (), told.append))
    unload_models()
    assert warm() is None
    warm_model(copied, (), (), told.append)
    assert len(told) == 2


def test_an_unreadable_vocabulary_names_the_missing_packages(
    tiny_of: Callable[[str], ModelCard], tmp_path: Path
) -> None:
    card = tiny_of("pixart")
    assert isinstance(card.weights, Folder)
    shutil.copytree(card.weights.folder, tmp_path / "model")
    (tmp_path / "model/tokenizer/tokenizer.json").rename(tmp_path / "model/tokenizer/spiece.model")
    with pytest.raises(
        (NotInstalledError, InputError), match=r"pip install sentencepiece protobuf|could not be loaded"
    ):
        load(card.model_copy(update={"weights": Folder(folder=tmp_path / "model")}))


def test_weights_cut_short_are_refused(copied: ModelCard, tmp_path: Path) -> None:
    file = tmp_path / "model/vae/diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(InputError, match="is cut short"):
        load(copied)


@pytest.mark.parametrize("damaged", [False, True])
def test_sharded_weights_of_a_variant_are_checked(copied: ModelCard, tmp_path: Path, damaged: bool) -> None:
    folder, half = tmp_path / "model/text_encoder", "model.fp16-00001-of-00001.safetensors"
    (folder / "model.safetensors").rename(folder / half)
    names = {"weight_map": {"a": half, **({"b": "model.fp16-00002-of-00002.safetensors"} if damaged else {})}}
    (folder / "model.safetensors.index.fp16.json").write_text(json.dumps(names))
    if not damaged:
        check_part(folder, "fp16")
        return
    with pytest.raises(InputError, match=r"fp16-00002-of-00002.safetensors' is missing"):
        check_part(folder, "fp16")


def test_a_pickle_is_refused_where_diffusers_would_load_it(copied: ModelCard, tmp_path: Path) -> None:
    file = tmp_path / "model/unet/diffusion_pytorch_model.safetensors"
    file.rename(file.with_suffix(".bin"))
    with pytest.raises(InputError, match="is a pickle"):
        load(copied)


def test_a_pickle_of_a_lora_is_refused(tiny: ModelCard, tmp_path: Path) -> None:
    (tmp_path / "style.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(InputError, match="is a pickle"):
        load(tiny, Lora(file=tmp_path / "style.pt"))


def test_weights_of_another_shape_are_one_sentence(copied: ModelCard, tmp_path: Path) -> None:
    file = tmp_path / "model/unet/config.json"
    file.write_text(file.read_text().replace('"in_channels": 3', '"in_channels": 9'))
    with pytest.raises(InputError, match=r"model 'tiny' could not be loaded"):
        load(copied)


def test_a_wrong_family_is_named(tiny: ModelCard) -> None:
    with pytest.raises(InputError, match=r"there is no model family 'sdlx'. Did you mean 'sdxl'"):
        load(tiny.model_copy(update={"family": "sdlx"}))


def test_an_unknown_scheduler_is_named(tiny: ModelCard) -> None:
    wrong = tiny.model_validate({**tiny.model_dump(), "scheduler": {"name": "EulerDiscreteShceduler"}})
    with pytest.raises(InputError, match=r"there is no scheduler 'EulerDiscreteShceduler'. Did you mean"):
        load(wrong)


def test_missing_hub_weights_name_the_download_command(tiny: ModelCard) -> None:
    absent = tiny.model_copy(update={"weights": Hub(hub="nobody/nothing", revision="abc")})
    with pytest.raises(NotInstalledError, match=r"'nobody/nothing' is not in .* run: assetgen models get tiny"):
        load(absent)


def test_a_lora_changes_images_by_its_weight(tiny: ModelCard, job: Callable[..., SourceJob], tmp_path: Path) -> None:
    file = _lora(tiny, tmp_path)
    plain, off, on = (
        next(sample([job(tiny, loras=loras)]))["color"].astype(int)
        for loras in ([], [{"file": file, "weight": 0.0}], [{"file": file, "weight": 1.0}])
    )
    assert np.abs(plain - off).max() <= 1
    assert np.abs(plain - on).max() > 1


def _lora(card: ModelCard, folder: Path) -> Path:
    """A LoRA of rank 2 for the queries of the UNet, with random numbers, saved as diffusers does."""
    import torch
    from safetensors.torch import save_file

    unet = warm_model(card, (), (), ignore).pipeline.unet
    weights = {}
    for name, module in unet.named_modules():
        if name.endswith("to_q"):
            weights[f"unet.{name}.lora_A.weight"] = torch.randn(2, module.in_features)
            weights[f"unet.{name}.lora_B.weight"] = torch.randn(module.out_features, 2)
    save_file(weights, folder / "style.safetensors")
    return folder / "style.safetensors"
