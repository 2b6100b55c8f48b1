"""Is a model folder whole? Looked at before torch is imported, so that the answer is quick and names the file."""

import json
from collections.abc import Callable, Container, Iterable
from functools import partial
from glob import escape
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from assetgen.errors import AssetgenError, InputError, NotInstalledError
from assetgen.pack.schema import ExtraWeights, Hub, Location, ModelCard
from assetgen.pack.weights import local_path
from assetgen.parts import HubFile

PIPELINE_FILE = "model_index.json"
INDEX_SUFFIX = ".safetensors.index.json"
PICKLES = (".bin", ".ckpt", ".pt", ".pth")
IMAGE_ENCODER = "image_encoder"
"""The folder of the CLIP that looks, beside an IP-Adapter."""
DOWNLOAD_AGAIN = "Download or copy the model again"
ONLINE = "While online, run: "
HUB_NAME = "Write it like stabilityai/sdxl-turbo"
HUB_CURE = 'pip install "assetgen[gen]"'
NETWORKS = ("unet", "transformer")
"""Where a model's network lies."""
SKIPPED = ("safety_checker", "feature_extractor", "image_encoder")
"""Parts that no family loads."""
VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")
LENGTH_BYTES = 8  # a safetensors file begins with the length of its JSON header, a little-endian u64


def weights_path(location: Location, *, whole: bool = False) -> Path:
    """Where weights lie on this machine. Raises `NotInstalledError` for what must be fetched from the hub first.

    `whole` says that it is a pipeline, whose weights lie in folders: files beside them are the same again in one.
    """
    if not isinstance(location, Hub):
        place = local_path(location)
        if place is None or not place.exists():
            raise InputError(f"there is no model at '{place}'", cure=DOWNLOAD_AGAIN)
        return place
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise NotInstalledError("the hub's client is not installed", cure=HUB_CURE) from error
    try:
        folder = Path(snapshot_download(location.hub, revision=location.revision, local_files_only=True))
    except LocalEntryNotFoundError as error:
        raise _not_fetched(location, whole) from error
    except HFValidationError as error:
        raise InputError(f"'{location.hub}' is no repository of the hub", cure=HUB_NAME) from error
    subfolder = PurePosixPath(location.subfolder or "")
    if subfolder.is_absolute() or ".." in subfolder.parts:
        raise InputError(f"'{subfolder}' is no folder of '{location.hub}'", cure="Write its path in the repository")
    return folder / subfolder


def _not_fetched(location: Hub, whole: bool) -> NotInstalledError:
    """The error that says how to get weights from the hub."""
    cure = download_command(location, whole)
    return NotInstalledError(f"the weights of '{location.hub}' are not on this machine", cure=cure)


def download_command(location: Hub, whole: bool) -> str:
    """The sentence that says how to get weights from the hub."""
    weights = f"*.{location.variant}*.safetensors" if location.variant else "*.safetensors"
    below = f"{location.subfolder}/" if location.subfolder else ""
    wanted = (
        *(f"{below}{kind}" for kind in ("*.json", "*.txt", "*.model")),
        f"{below}{'*/' if whole else ''}{weights}",
    )
    patterns = " ".join(f'--include "{pattern}"' for pattern in wanted)
    return f"{ONLINE}hf download {location.hub} --revision {location.revision} {patterns}"


def hub_file(hub: str, revision: str, file: str) -> Path:
    """Where a file of the hub lies on this machine. Raises `NotInstalledError` for one that must be fetched first."""
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise NotInstalledError("the hub's client is not installed", cure=HUB_CURE) from error
    try:
        return Path(hf_hub_download(hub, file, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError as error:
        cure = f"{ONLINE}hf download {hub} {file} --revision {revision}"
        raise NotInstalledError(f"the weights '{file}' of '{hub}' are not on this machine", cure=cure) from error
    except HFValidationError as error:
        raise InputError(f"'{hub}' is no repository of the hub", cure=HUB_NAME) from error
    except ValueError as error:  # "..", to leave its folder
        raise InputError(f"'{file}' is no file of '{hub}'", cure="Write its path in the repository") from error


def addition_path(addition: ExtraWeights) -> Path:
    """Where a LoRA or an embedding lies on this machine; one of the hub may have to be fetched first."""
    match addition.file:
        case HubFile(hub=hub, revision=revision, file=file):
            return hub_file(hub, revision, file)
        case Path():
            return addition.file


def check_downloaded(card: ModelCard, loras: Iterable[ExtraWeights], kinds: Iterable[str]) -> None:
    """Look for all that a model draws with, before torch is imported, so that the answer comes at once. What must be
    fetched first is told together. Raises `NotInstalledError` for that, `InputError` for what is missing else."""
    parts = (card.network, card.vae, *(card.controls[kind].weights for kind in kinds))
    looks = [partial(weights_path, card.weights, whole=True), *(partial(weights_path, part) for part in parts if part)]
    check_all_downloaded(
        [*looks, *(partial(addition_path, each) for each in (*loras, *card.embeddings))], f"model '{card.model}'"
    )


def check_all_downloaded(looks: Iterable[Callable[[], object]], who: str) -> None:
    """Do all of these looks. What must be fetched first is told together, in one `NotInstalledError`."""
    missing: dict[str, NotInstalledError] = {}
    for look in looks:
        try:
            look()
        except NotInstalledError as error:
            missing[error.cure] = error
    if len(missing) == 1 or HUB_CURE in missing:
        raise next(iter(missing.values()))
    if missing:
        what = f"{who} lacks {len(missing)} downloads on this machine"
        raise NotInstalledError(what, cure=ONLINE + " && ".join(cure.removeprefix(ONLINE) for cure in missing))


def check_weights(location: Location, given: Container[str] = ()) -> None:
    """Weights wherever a card says they lie: whole, as far as a look without reading them through tells. Parts of a
    pipeline that are `given` from elsewhere are not looked at."""
    place = weights_path(location)
    if place.is_file():
        check_file(place)
        return
    if (place / IMAGE_ENCODER).is_dir() and not (place / PIPELINE_FILE).exists():  # an IP-Adapter
        for part in (*sorted(place.glob("*.safetensors")), *sorted((place / IMAGE_ENCODER).glob("*.safetensors"))):
            check_file(part)
        return
    variant = location.variant if isinstance(location, Hub) else None
    if (place / PIPELINE_FILE).exists():
        check_pipeline(place, variant, given)
    else:
        check_part(place, variant)


def availability(card: ModelCard) -> Literal["here", "not whole", "not here"]:
    """Whether all that a model draws with (its controls aside) is on this machine, in a word."""
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
    """All that a model draws with under these kinds of control is on this machine, and whole as far as a look without
    reading it through tells. Raises as `look_for` and `check_weights` do."""
    kinds = tuple(kinds)
    check_downloaded(card, card.loras, kinds)
    check_weights(card.weights, replaced_parts(card))
    for location in (*_parts(card), *(card.controls[kind].weights for kind in kinds)):
        check_weights(location)
    for each in (*card.loras, *card.embeddings):
        check_file(addition_path(each))


def _parts(card: ModelCard) -> list[Location]:
    return [location for location in (card.network, card.vae) if location]


def replaced_parts(card: ModelCard) -> tuple[str, ...]:
    """The folders among a model's weights that its card names something else for."""
    return (*(NETWORKS if card.network else ()), *(("vae",) if card.vae else ()))


def part_class(folder: Path, name: str) -> str:
    """The class of diffusers that a pipeline folder says one of its parts is of."""
    found = _read_json(folder / PIPELINE_FILE).get(name)
    if not isinstance(found, list) or len(found) != 2 or found[0] != "diffusers":
        raise InputError(f"the model in '{folder}' has no part '{name}'", cure="Check its card: `family`, `weights`")
    return str(found[1])


def check_pipeline(folder: Path, variant: str | None = None, given: Container[str] = ()) -> None:
    """A pipeline folder in diffusers layout has every file it names, none cut short, and weights as safetensors.

    `variant` ("fp16") stands in the names of its weight files. What is `given` from elsewhere is not looked at.
    """
    parts = _read_json(folder / PIPELINE_FILE)
    for name, origin in parts.items():
        if isinstance(origin, list) and origin[0] and name not in SKIPPED and name not in given:
            weighs = (folder / name / "config.json").exists() or _is_network(origin[1])
            check_part(folder / name, variant, needs_weights=weighs)
            if "Tokenizer" in str(origin[1]):
                _check_tokenizer(folder / name)


def _check_tokenizer(folder: Path) -> None:
    """Without a vocabulary some tokenizers load, and break at the first word."""
    if not any(any(folder.glob(pattern)) for pattern in VOCABULARIES):
        raise InputError(f"the vocabulary is missing from '{folder}'", cure=DOWNLOAD_AGAIN)


def check_tokenizer_packages(folder: Path) -> None:
    """The vocabularies in a pipeline folder can be read: those in SentencePiece's own form need packages for it."""
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
    return not kind.endswith(("Scheduler", "Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor"))


def check_part(folder: Path, variant: str | None = None, *, needs_weights: bool = True) -> None:
    """The same for the folder of one network."""
    if not folder.is_dir():
        raise InputError(f"the model has no folder '{folder}'", cure=DOWNLOAD_AGAIN)
    if not needs_weights:
        return
    _read_json(folder / "config.json")
    variant = escape(variant) if variant else None
    files = sorted(folder.glob(f"*.{variant}*.safetensors" if variant else "*.safetensors"))
    for index in folder.glob(f"*.safetensors.index.{variant}.json" if variant else f"*{INDEX_SUFFIX}"):
        files += [folder / name for name in sorted(set(_read_json(index).get("weight_map", {}).values()))]
    if not files:
        raise _no_weights(folder, f".{variant}.safetensors" if variant else ".safetensors")
    for file in files:
        check_file(file)


def _no_weights(folder: Path, ending: str) -> InputError:
    pickled = next((file for file in folder.glob("*") if file.suffix in PICKLES), None)
    if pickled:
        cure = "Convert it to .safetensors, or get the model from where it is published as such"
        return InputError(f"'{pickled}' is a pickle, which can run code on loading, and is not opened", cure=cure)
    return InputError(f"the weights are missing: there is no {ending} file in '{folder}'", cure=DOWNLOAD_AGAIN)


def check_file(file: Path) -> None:
    """One file of weights: .safetensors, there, and as long as its header says."""
    read_header(file)


def read_header(file: Path) -> dict[str, Any]:
    """What a file of weights says of each of its tensors (dtype, shape, place), after the same look."""
    if file.suffix in PICKLES:
        raise InputError(f"'{file}' is a pickle, which can run code on loading", cure="Give a .safetensors file")
    if not file.is_file():
        raise InputError(f"weight file '{file}' is missing", cure=DOWNLOAD_AGAIN)
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        said = stream.read(min(length, file.stat().st_size))
    try:
        tensors = {name: entry for name, entry in json.loads(said).items() if name != "__metadata__"}
        end = LENGTH_BYTES + length + max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"weight file '{file}' is damaged or not safetensors", cure=DOWNLOAD_AGAIN) from error
    if file.stat().st_size != end:
        raise InputError(f"weight file '{file}' is cut short", cure=DOWNLOAD_AGAIN)
    return tensors


def _read_json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"model file '{file}' is missing", cure=DOWNLOAD_AGAIN) from error
    except (OSError, ValueError) as error:
        raise InputError(f"model file '{file}' cannot be read", cure=DOWNLOAD_AGAIN) from error
    if not isinstance(found, dict):
        raise InputError(f"model file '{file}' is not what it should be", cure=DOWNLOAD_AGAIN)
    return found
