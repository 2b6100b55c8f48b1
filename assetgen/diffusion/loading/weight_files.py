"""Check weight files before torch is imported: present, complete, and safetensors."""

import json
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from glob import escape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from assetgen.errors import AssetgenError, InputError, NotInstalledError
from assetgen.pack.locations import Hub, Location
from assetgen.pack.schema import ExtraWeights, ModelCard
from assetgen.pack.weights import local_path
from assetgen.parts import HubFile

PIPELINE_FILE = "model_index.json"
_INDEX_SUFFIX = ".safetensors.index.json"
GGUF = ".gguf"
_ONNX = ".onnx"
_PICKLES = (".bin", ".ckpt", ".pt", ".pth")
IMAGE_ENCODER = "image_encoder"
"""The folder of an IP-Adapter's CLIP image encoder."""
DOWNLOAD_AGAIN = "Download or copy the model again"
HUB_NAME_CURE = "Write it like stabilityai/sdxl-turbo"
HUB_CURE = 'pip install "assetgen[gen]"'
_NETWORKS = ("unet", "transformer")
SKIPPED_COMPONENTS = ("safety_checker", "feature_extractor", "image_encoder", "pe", "pe_tokenizer")
"""Components that no family loads."""
_VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")
Availability = Literal["here", "not whole", "not here"]
_LENGTH_BYTES = 8  # a safetensors file begins with the length of its JSON header, a little-endian u64


def weights_path(location: Location) -> Path:
    """The path of weights on this machine. Raises `NotInstalledError` for weights of the hub to be downloaded first."""
    if not isinstance(location, Hub):
        path = local_path(location)
        if path is None or not path.exists():
            raise InputError(f"there is no model at '{path}'", cure=DOWNLOAD_AGAIN)
        return path
    if location.file:
        return hub_file(location.hub, location.revision, location.file)
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, IncompleteSnapshotError, LocalEntryNotFoundError
    except ImportError as error:
        raise NotInstalledError("huggingface_hub is not installed", cure=HUB_CURE) from error
    try:
        folder = Path(snapshot_download(location.hub, revision=location.revision, local_files_only=True))
    except IncompleteSnapshotError as error:  # lacks files, but perhaps none that a build needs: `check_weights`
        folder = Path(error.snapshot_path)
    except LocalEntryNotFoundError as error:
        what = f"the weights of '{location.hub}' are not on this machine"
        raise NotInstalledError(what, cure=get_command("MODEL")) from error
    except HFValidationError as error:
        raise InputError(f"'{location.hub}' is not a hub repository", cure=HUB_NAME_CURE) from error
    subfolder = PurePosixPath(location.subfolder or "")
    if subfolder.is_absolute() or ".." in subfolder.parts:
        raise InputError(f"'{subfolder}' is not a folder of '{location.hub}'", cure="Write its path in the repository")
    return folder / subfolder


def get_command(name: str, kinds: Sequence[str] = ()) -> str:
    """The sentence with the command that downloads a model and its controls of these kinds, or a detector."""
    controls = f" --controls {','.join(kinds)}" if kinds else ""
    return f"While online, run: assetgen models get {name}{controls}"


def hub_file(hub: str, revision: str, file: str) -> Path:
    """The path of a hub file on this machine. Raises `NotInstalledError` for a file to be downloaded first."""
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise NotInstalledError("huggingface_hub is not installed", cure=HUB_CURE) from error
    try:
        return Path(hf_hub_download(hub, file, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError as error:
        what = f"the weights '{file}' of '{hub}' are not on this machine"
        raise NotInstalledError(what, cure=get_command("MODEL")) from error
    except HFValidationError as error:
        raise InputError(f"'{hub}' is not a hub repository", cure=HUB_NAME_CURE) from error
    except ValueError as error:  # "..", to leave its folder
        raise InputError(f"'{file}' is not a file of '{hub}'", cure="Write its path in the repository") from error


def addition_path(addition: ExtraWeights) -> Path:
    """The path of a LoRA or textual inversion on this machine. Raises as `hub_file` does."""
    match addition.file:
        case HubFile(hub=hub, revision=revision, file=file):
            return hub_file(hub, revision, file)
        case Path():
            return addition.file


def check_downloaded(card: ModelCard, loras: Iterable[ExtraWeights], kinds: Iterable[str]) -> None:
    """Check that all weights of a model are on this machine, before torch is imported.

    Raises `NotInstalledError` with one command for all missing downloads, `InputError` for missing local files.
    """
    kinds = tuple(kinds)
    controls = [partial(weights_path, card.controls[kind].weights) for kind in kinds]
    parts = [partial(weights_path, location) for location in (card.weights, *_parts(card))]
    additions = [partial(addition_path, each) for each in (*loras, *card.embeddings)]
    command = get_command(card.model, missing_controls(card, kinds))
    raise_missing(find_missing([*parts, *additions, *controls]), f"model '{card.model}'", command)


def missing_controls(card: ModelCard, kinds: Iterable[str]) -> list[str]:
    """The kinds of controls whose networks must be downloaded first. Raises `InputError` for missing local files."""
    return [kind for kind in kinds if find_missing([partial(weights_path, card.controls[kind].weights)])]


def find_missing(checks: Iterable[Callable[[], object]]) -> list[NotInstalledError]:
    """Run all checks, and return the errors of missing downloads. Raises the other errors."""
    missing = []
    for check in checks:
        try:
            check()
        except NotInstalledError as error:
            if error.cure == HUB_CURE:
                raise
            missing.append(error)
    return missing


def raise_missing(missing: Sequence[NotInstalledError], name: str, command: str) -> None:
    """Raise one error with one command for all missing downloads of a model or a control, if there are any."""
    if missing:
        what = missing[0].what if len(missing) == 1 else f"{name} lacks {len(missing)} downloads on this machine"
        raise NotInstalledError(what, cure=command)


def check_weights(location: Location, replaced: Container[str] = ()) -> None:
    """Check that the weights at a location are complete, without reading them. Components in `replaced` are skipped."""
    path = weights_path(location)
    if path.is_file():
        check_file(path)
        return
    if (path / IMAGE_ENCODER).is_dir() and not (path / PIPELINE_FILE).exists():  # an IP-Adapter
        for part in (*sorted(path.glob("*.safetensors")), *sorted((path / IMAGE_ENCODER).glob("*.safetensors"))):
            check_file(part)
        return
    variant = location.variant if isinstance(location, Hub) else None
    if (path / PIPELINE_FILE).exists():
        check_pipeline(path, variant, replaced)
    else:
        check_part(path, variant)


def availability(card: ModelCard) -> Availability:
    """Whether the weights of a model, without its controls, are on this machine."""
    try:
        for location in (card.weights, *_parts(card)):
            weights_path(location)
        for each in (*card.loras, *card.embeddings):
            addition_path(each)
    except AssetgenError:
        return "not here"
    try:
        check_model(card)
    except AssetgenError:
        return "not whole"
    return "here"


def check_model(card: ModelCard, kinds: Iterable[str] = ()) -> None:
    """Check that the weights of a model and its controls of these kinds are on this machine and complete.

    Raises as `check_downloaded` and `check_weights` do.
    """
    kinds = tuple(kinds)
    check_downloaded(card, card.loras, kinds)
    locations = (card.weights, *_parts(card), *(card.controls[kind].weights for kind in kinds))
    for location in locations:
        try:
            check_weights(location, replaced_parts(card) if location is card.weights else ())
        except InputError as error:
            if isinstance(location, Hub) and error.cure == DOWNLOAD_AGAIN:
                raise InputError(error.what, cure=get_command(card.model, kinds)) from error
            raise
    for each in (*card.loras, *card.embeddings):
        check_file(addition_path(each))


def _parts(card: ModelCard) -> list[Location]:
    return [location for location in (card.network, card.vae) if location]


def replaced_parts(card: ModelCard) -> tuple[str, ...]:
    """Components of a model's weights that its card replaces (`network:`, `vae:`)."""
    return (*(_NETWORKS if card.network else ()), *(("vae",) if card.vae else ()))


def part_class(folder: Path, name: str) -> str:
    """The diffusers class of a component of a pipeline folder."""
    found = read_object(folder / PIPELINE_FILE).get(name)
    if not isinstance(found, list) or len(found) != 2 or found[0] != "diffusers":
        raise InputError(f"the model in '{folder}' has no part '{name}'", cure="Check its card: `family`, `weights`")
    return str(found[1])


def component_classes(index: Mapping[str, Any]) -> dict[str, str]:
    """The class of each component in a pipeline's index, which also holds options of the pipeline."""
    pairs = {name: origin for name, origin in index.items() if isinstance(origin, list) and len(origin) == 2}
    return {name: kind for name, (library, kind) in pairs.items() if isinstance(library, str) and isinstance(kind, str)}


def check_pipeline(folder: Path, variant: str | None = None, replaced: Container[str] = ()) -> None:
    """Check that a diffusers folder has every file it names, complete, with weights as safetensors.

    `variant` ("fp16") is part of the names of its weight files. Components in `replaced` are skipped.
    """
    parts = read_object(folder / PIPELINE_FILE)
    for name, kind in component_classes(parts).items():
        if name not in SKIPPED_COMPONENTS and name not in replaced:
            weighs = (folder / name / "config.json").exists() or _is_network(kind)
            check_part(folder / name, variant, needs_weights=weighs)
            if "Tokenizer" in kind:
                _check_tokenizer(folder / name)


def _check_tokenizer(folder: Path) -> None:
    """Some tokenizers load without a vocabulary, and fail at the first prompt."""
    if not any(any(folder.glob(pattern)) for pattern in _VOCABULARIES):
        raise InputError(f"the vocabulary is missing from '{folder}'", cure=DOWNLOAD_AGAIN)


def check_tokenizer_packages(folder: Path) -> None:
    """Raise `NotInstalledError` for SentencePiece vocabularies and processors of images without the packages that read
    them."""
    for processor in folder.glob("tokenizer*/processor_config.json"):
        if find_spec("torchvision") is None:
            what = f"the processor '{processor}' needs torchvision"
            raise NotInstalledError(what, cure="Install the torchvision of your PyTorch version")
    for vocabulary in folder.glob("tokenizer*/*.model"):
        if (vocabulary.parent / "tokenizer.json").exists():
            continue
        for package in ("sentencepiece", "google.protobuf"):
            try:
                import_module(package)
            except ImportError as error:
                what = f"the vocabulary '{vocabulary}' cannot be read here ({error})"
                raise NotInstalledError(what, cure="pip install sentencepiece protobuf") from error


def _is_network(kind: str) -> bool:
    return not kind.endswith(
        ("Scheduler", "Tokenizer", "TokenizerFast", "TokenizersBackend", "Processor", "FeatureExtractor")
    )


def check_part(folder: Path, variant: str | None = None, *, needs_weights: bool = True) -> None:
    """Check the folder of one network in the same way."""
    if not folder.is_dir():
        raise InputError(f"the model has no folder '{folder}'", cure=DOWNLOAD_AGAIN)
    if not needs_weights:
        return
    read_object(folder / "config.json")
    variant = escape(variant) if variant else None
    files = sorted(folder.glob(f"*.{variant}*.safetensors" if variant else "*.safetensors"))
    for index in folder.glob(f"*.safetensors.index.{variant}.json" if variant else f"*{_INDEX_SUFFIX}"):
        files += [folder / name for name in sorted(set(read_object(index).get("weight_map", {}).values()))]
    if not files:
        raise _no_weights(folder, f".{variant}.safetensors" if variant else ".safetensors")
    for file in files:
        check_file(file)


def _no_weights(folder: Path, ending: str) -> InputError:
    pickled = next((file for file in folder.glob("*") if file.suffix in _PICKLES), None)
    if pickled:
        cure = "Convert it to .safetensors, or get the model from where it is published as such"
        return InputError(f"'{pickled}' is a pickle, which can run code on loading, and is not opened", cure=cure)
    return InputError(f"the weights are missing: there is no {ending} file in '{folder}'", cure=DOWNLOAD_AGAIN)


def stored_format(folder: Path) -> str | None:
    """The method by which the weights in the folder of one network were quantized, as "bitsandbytes"; None for plain
    weights."""
    config = folder / "config.json"
    found = read_object(config).get("quantization_config") if config.exists() else None
    if not isinstance(found, dict):
        return None
    return str(found.get("quant_method") or ("bitsandbytes" if found.get("load_in_4bit") else "unknown"))


def check_file(file: Path) -> None:
    """Check that a weight file exists, is safetensors or GGUF, and has the length that its header declares."""
    read_header(file)


def read_header(file: Path) -> dict[str, Any]:
    """The header of a weight file (dtype, shape, data_offsets by tensor name), after the same checks.

    ONNX Runtime checks an .onnx file: here it is empty."""
    if file.suffix == _ONNX and file.is_file():
        return {}
    if file.suffix == GGUF and file.is_file():
        return _gguf_header(file)
    if file.suffix in _PICKLES:
        raise InputError(
            f"'{file}' is a pickle, which can run code on loading", cure="Give a .safetensors or .gguf file"
        )
    if not file.is_file():
        raise InputError(f"weight file '{file}' is missing", cure=DOWNLOAD_AGAIN)
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        text = stream.read(min(length, file.stat().st_size))
    try:
        tensors = {name: entry for name, entry in json.loads(text).items() if name != "__metadata__"}
        end = _LENGTH_BYTES + length + max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"weight file '{file}' is damaged or not safetensors", cure=DOWNLOAD_AGAIN) from error
    if file.stat().st_size != end:
        raise InputError(f"weight file '{file}' is cut short", cure=DOWNLOAD_AGAIN)
    return tensors


def _gguf_header(file: Path) -> dict[str, Any]:
    """The tensors of a GGUF file. Raises `NotInstalledError` without the package that reads it."""
    try:
        from gguf import GGUFReader
    except ImportError as error:
        what = f"the GGUF file '{file}' needs the package gguf ({error})"
        raise NotInstalledError(what, cure='pip install "assetgen[quant]"') from error
    try:
        tensors = GGUFReader(file).tensors
        return {
            tensor.name: {
                "dtype": tensor.tensor_type.name,
                "shape": [int(side) for side in reversed(tensor.shape)],
                "data_offsets": [int(tensor.data_offset), int(tensor.data_offset + tensor.n_bytes)],
            }
            for tensor in tensors
        }
    except (ValueError, LookupError, OSError, OverflowError, TypeError, AttributeError) as error:
        raise InputError(f"weight file '{file}' is damaged, cut short or not GGUF", cure=DOWNLOAD_AGAIN) from error


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file of a model. Raises `InputError` where there is none."""
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"model file '{file}' is missing", cure=DOWNLOAD_AGAIN) from error
    except (OSError, ValueError) as error:
        raise InputError(f"model file '{file}' cannot be read", cure=DOWNLOAD_AGAIN) from error
    if not isinstance(found, dict):
        raise InputError(f"model file '{file}' does not hold an object", cure=DOWNLOAD_AGAIN)
    return found
