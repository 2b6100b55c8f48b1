"""Check weight files before torch is imported: present, complete, and safetensors."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from glob import escape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from assetgen.diffusion.loading.weight_headers import (
    DOWNLOAD_AGAIN,
    PICKLES,
    MissingFileError,
    check_file,
    read_object,
)
from assetgen.errors import AssetgenError, InputError, NotInstalledError, counted
from assetgen.pack.locations import Hub, Location
from assetgen.pack.schema import ExtraWeights, ModelCard
from assetgen.pack.weights import local_path
from assetgen.parts import HubFile

PIPELINE_FILE = "model_index.json"
_INDEX_SUFFIX = ".safetensors.index.json"
IMAGE_ENCODER = "image_encoder"
"""The folder of an IP-Adapter's CLIP image encoder."""
HUB_NAME_CURE = "Write it like stabilityai/sdxl-turbo"
HUB_CURE = 'pip install "assetgen[gen]"'
_NETWORKS = ("unet", "transformer")
SKIPPED_COMPONENTS = ("safety_checker", "feature_extractor", "image_encoder", "pe", "pe_tokenizer")
"""Components that no family loads."""
_VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")
Availability = Literal["here", "not whole", "not here"]
_SHARD = re.compile(r"(?P<start>.+-)\d{5}-of-(?P<count>\d{5})(?P<end>\..+)")
_LISTED = 3
"""Missing files that an error names; the others are counted."""


class NotDownloadedError(NotInstalledError):
    """Weights of the hub that are not on this machine. `name` is their repository, or the path of a file in it."""

    def __init__(self, what: str, *, where: str = "", cure: str = "", name: str = "") -> None:
        super().__init__(what, where=where, cure=cure)
        self.name = name


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
    except IncompleteSnapshotError as error:  # lacks files, but perhaps none that a build needs: `check_model`
        folder = Path(error.snapshot_path)
    except LocalEntryNotFoundError as error:
        what = f"the weights of '{location.hub}' are not on this machine"
        raise NotDownloadedError(what, cure=get_command("MODEL"), name=location.hub) from error
    except HFValidationError as error:
        raise InputError(f"'{location.hub}' is not a hub repository", cure=HUB_NAME_CURE) from error
    subfolder = PurePosixPath(location.subfolder or "")
    if subfolder.is_absolute() or ".." in subfolder.parts:
        raise InputError(f"'{subfolder}' is not a folder of '{location.hub}'", cure="Write its path in the repository")
    return folder / subfolder


def get_command(name: str, kinds: Sequence[str] = ()) -> str:
    """The sentence with the command that downloads a model and its controls of these kinds, or a detector."""
    controls = f" --controls {','.join(kinds)}" if kinds else ""
    return f"While online, run: assetgen models get {name}{controls}; or copy it from another machine (docs/models.md)"


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
        raise NotDownloadedError(what, cure=get_command("MODEL"), name=f"{hub}/{file}") from error
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


def missing_controls(card: ModelCard, kinds: Iterable[str]) -> list[str]:
    """The kinds of controls whose networks must be downloaded first. Raises `InputError` for missing local files."""
    return [kind for kind in kinds if find_missing([partial(weights_path, card.controls[kind].weights)])]


def find_missing(checks: Iterable[Callable[[], object]]) -> list[NotDownloadedError]:
    """Run all checks, and return the errors of missing downloads. Raises the other errors."""
    missing = []
    for check in checks:
        try:
            check()
        except NotDownloadedError as error:
            missing.append(error)
    return missing


def raise_missing(names: Iterable[str], owner: str, cure: str) -> None:
    """Raise one error with one cure for everything of the hub that a model or a control lacks, if there is any."""
    from huggingface_hub import constants

    if names := tuple(dict.fromkeys(names)):
        what = f"{owner} lacks {counted(len(names), 'download')} on this machine: {_listed(names)}"
        raise NotInstalledError(f"{what} not in '{constants.HF_HUB_CACHE}'", cure=cure)


def _listed(names: Sequence[str]) -> str:
    """Names as the subject of a sentence: `'a' is`, `'a', 'b', 'c' and 4 more are`."""
    shown = [f"'{name}'" for name in names[:_LISTED]]
    if len(names) == 1:
        return f"{shown[0]} is"
    last = f"{len(names) - _LISTED} more" if len(names) > _LISTED else shown.pop()
    return f"{', '.join(shown)} and {last} are"


def _weight_faults(location: Location, replaced: Container[str] = ()) -> list[InputError]:
    """What is missing from the weights at a location, and what is damaged, without reading them.

    Components in `replaced` are skipped. Raises as `weights_path` does.
    """
    path = weights_path(location)
    variant = location.variant if isinstance(location, Hub) else None
    if path.is_file():
        return list(_failing(partial(check_file, path)))
    if (path / PIPELINE_FILE).exists():
        return list(_pipeline_faults(path, variant, replaced))
    if (path / IMAGE_ENCODER).is_dir():  # an IP-Adapter
        parts = (*sorted(path.glob("*.safetensors")), *sorted((path / IMAGE_ENCODER).glob("*.safetensors")))
        return [error for part in parts for error in _failing(partial(check_file, part))]
    if not (path / "config.json").exists() and any(each.is_dir() for each in path.glob("*")):
        return list(_failing(partial(read_object, path / PIPELINE_FILE)))
    return list(_part_faults(path, variant))


def _failing(check: Callable[[], object]) -> Iterator[InputError]:
    try:
        check()
    except InputError as error:
        yield error


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


def check_model(card: ModelCard, kinds: Iterable[str] = (), loras: Iterable[ExtraWeights] | None = None) -> None:
    """Check that the weights of a model and its controls of these kinds are on this machine and complete.

    `loras` are used in place of the card's. Raises `NotInstalledError` that names what is missing of the hub, with one
    command for all of it; `InputError` for missing files of this machine, and for damaged ones.
    """
    of_kind = [(kind, card.controls[kind].weights) for kind in kinds]
    lacking: list[str] = []
    lacking_kinds: list[str] = []
    damaged: list[InputError] = []
    for kind, location in (("", card.weights), *(("", each) for each in _parts(card)), *of_kind):
        names, others = _lacking(card, location)
        lacking += names
        lacking_kinds += [kind] if kind and names else []
        damaged += others
    for each in (*(card.loras if loras is None else loras), *card.embeddings):
        try:
            damaged += _failing(partial(check_file, addition_path(each)))
        except NotDownloadedError as error:
            lacking.append(error.name)
    raise_missing(lacking, f"model '{card.model}'", get_command(card.model, lacking_kinds))
    if damaged:
        raise damaged[0]


def _lacking(card: ModelCard, location: Location) -> tuple[list[str], list[InputError]]:
    """What is missing from the hub's weights at a location, and the errors of its other files.

    Raises `InputError` for missing files of this machine.
    """
    try:
        faults = _weight_faults(location, replaced_parts(card) if location is card.weights else ())
    except NotDownloadedError as error:
        return [error.name], []
    missing = [each for each in faults if isinstance(each, MissingFileError)]
    others = [each for each in faults if not isinstance(each, MissingFileError)]
    if isinstance(location, Hub):
        cured = [InputError(each.what, cure=get_command(card.model)) for each in others if each.cure == DOWNLOAD_AGAIN]
        root = weights_path(location.model_copy(update={"subfolder": None}))
        names = [f"{location.hub}/{each.path.relative_to(root).as_posix()}" for each in missing]
        return names, [*cured, *(each for each in others if each.cure != DOWNLOAD_AGAIN)]
    if len(missing) > 1:
        folder = weights_path(location)
        names = [each.path.relative_to(folder).as_posix() for each in missing]
        what = f"model '{card.model}' lacks {len(names)} files: {_listed(names)} not in '{folder}'"
        raise InputError(what, cure=DOWNLOAD_AGAIN)
    return [], faults


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
    for error in _pipeline_faults(folder, variant, replaced):
        raise error


def _pipeline_faults(folder: Path, variant: str | None, replaced: Container[str]) -> Iterator[InputError]:
    parts = read_object(folder / PIPELINE_FILE)
    for name, kind in component_classes(parts).items():
        if name not in SKIPPED_COMPONENTS and name not in replaced:
            weighs = (folder / name / "config.json").exists() or _is_network(kind)
            yield from _part_faults(folder / name, variant, needs_weights=weighs)
            if "Tokenizer" in kind and (folder / name).is_dir():
                yield from _tokenizer_faults(folder / name)


def _tokenizer_faults(folder: Path) -> Iterator[InputError]:
    """Some tokenizers load without a vocabulary, and fail at the first prompt."""
    if not any(any(folder.glob(pattern)) for pattern in _VOCABULARIES):
        yield MissingFileError(f"the vocabulary is missing from '{folder}'", path=folder / _VOCABULARIES[1])


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
    for error in _part_faults(folder, variant, needs_weights=needs_weights):
        raise error


def _part_faults(folder: Path, variant: str | None, *, needs_weights: bool = True) -> Iterator[InputError]:
    if not folder.is_dir():
        yield MissingFileError(f"the model has no folder '{folder}'", path=folder)
        return
    if not needs_weights:
        return
    yield from _failing(partial(read_object, folder / "config.json"))
    variant = escape(variant) if variant else None
    files = set(folder.glob(f"*.{variant}*.safetensors" if variant else "*.safetensors"))
    files |= {folder / name for file in files for name in _shards(file.name)}
    for index in folder.glob(f"*.safetensors.index.{variant}.json" if variant else f"*{_INDEX_SUFFIX}"):
        files |= {folder / name for name in read_object(index).get("weight_map", {}).values()}
    if not files:
        yield _no_weights(folder, f".{variant}.safetensors" if variant else ".safetensors")
    for file in sorted(files):
        yield from _failing(partial(check_file, file))


def _shards(name: str) -> list[str]:
    """The names of all shards of a model that a file is one of."""
    found = _SHARD.fullmatch(name)
    count = found["count"] if found else "0"
    return [f"{found['start']}{each:05}-of-{count}{found['end']}" for each in range(1, int(count) + 1)] if found else []


def _no_weights(folder: Path, ending: str) -> InputError:
    pickled = next((file for file in folder.glob("*") if file.suffix in PICKLES), None)
    if pickled:
        cure = "Convert it to .safetensors, or get the model from where it is published as such"
        return InputError(f"'{pickled}' is a pickle, which can run code on loading, and is not opened", cure=cure)
    what = f"the weights are missing: there is no {ending} file in '{folder}'"
    return MissingFileError(what, path=folder / f"*{ending}")


def stored_format(folder: Path) -> str | None:
    """The method by which the weights in the folder of one network were quantized, as "bitsandbytes"; None for plain
    weights."""
    config = folder / "config.json"
    found = read_object(config).get("quantization_config") if config.exists() else None
    if not isinstance(found, dict):
        return None
    return str(found.get("quant_method") or ("bitsandbytes" if found.get("load_in_4bit") else "unknown"))
