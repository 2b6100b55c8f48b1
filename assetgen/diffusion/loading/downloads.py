"""Download the files of the Hugging Face hub that a build needs, and no others; compare their digests.

Each file is downloaded on its own: huggingface_hub keeps finished files in its cache, and continues a broken connection
where it broke. A file whose digest differs from the hub's is removed.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from assetgen.diffusion.loading.weight_files import (
    HUB_CURE,
    HUB_NAME_CURE,
    IMAGE_ENCODER,
    PIPELINE_FILE,
    SKIPPED_COMPONENTS,
    replaced_parts,
)
from assetgen.errors import InputError, NotInstalledError
from assetgen.events import Downloading, Emit
from assetgen.pack.locations import Hub
from assetgen.pack.schema import ControlModel, ModelCard
from assetgen.pack.weights import file_sha256
from assetgen.parts import HubFile

_CONFIGURATIONS = (".json", ".txt", ".model", ".jinja")
"""Configurations, vocabularies, SentencePiece models and chat templates."""
_WEIGHTS = re.compile(r"(?P<name>[^.]+?)(?:\.(?P<variant>\w+))?(?:-\d{5}-of-\d{5})?\.safetensors")
"""Names of weight files, such as `model.fp16-00001-of-00002.safetensors`."""
_LIBRARY_NAMES = ("diffusion_pytorch_model", "model")
"""What diffusers and transformers name weights; a file of another name beside them is a copy for other programs."""


@dataclass(frozen=True)
class HubDownload:
    """One file to download. `digest` is its sha256, or the sha1 of its git blob for a small file."""

    hub: str
    revision: str
    path: str
    size: int
    digest: str

    @property
    def local(self) -> Path | None:
        """Its path in the cache of the hub; None where it is not downloaded."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.hub, self.path, revision=self.revision)
        return Path(found) if isinstance(found, str) else None


def needed_downloads(card: ModelCard, kinds: Iterable[str]) -> tuple[HubDownload, ...]:
    """Every file of the hub that a model needs, with its controls of these kinds, its LoRAs and its embeddings.

    Reads the lists of files and the model's index from the hub. Raises `NotInstalledError` where the hub cannot be
    reached or does not give access, `InputError` where it has no such repository, revision or file.
    """
    found: list[HubDownload] = []
    match card.weights:
        case Hub(hub=hub, revision=revision, file=str(file)):
            found += _single_file(HubFile(hub=hub, revision=revision, file=file))
        case Hub():
            found += _pipeline_files(card.weights, replaced_parts(card))
    controls = [card.controls[kind] for kind in kinds]
    for location in (card.network, card.vae, *(each.weights for each in controls if each.type != "ip_adapter")):
        found += _network_files(location) if isinstance(location, Hub) else ()
    for control in controls:
        found += _adapter_files(control, control.weights) if isinstance(control.weights, Hub) else ()
    for each in (*card.loras, *card.embeddings):
        found += _single_file(each.file) if isinstance(each.file, HubFile) else ()
    return tuple(dict.fromkeys(found))


def needed_files(files: Iterable[HubFile]) -> tuple[HubDownload, ...]:
    """Single files of the hub, such as the weights of a detector. Raises as `needed_downloads` does."""
    return tuple(each for file in files for each in _single_file(file))


def download(files: Sequence[HubDownload], emit: Emit) -> None:
    """Download the files that are not on this machine, and compare the digests of all.

    Emits `Downloading`. Raises as `needed_downloads` does, and `NotInstalledError` for a file that arrives damaged.
    """
    from huggingface_hub import hf_hub_download

    total, done = sum(each.size for each in files), 0
    for file in files:
        with _hub_errors(file.hub, file.revision):
            bar = _reporter(emit, f"{file.hub}/{file.path}", done, total)
            path = hf_hub_download(file.hub, file.path, revision=file.revision, tqdm_class=bar)
        _check_digest(file, Path(path))
        done += file.size
        emit(Downloading(file=f"{file.hub}/{file.path}", done=done, total=total))


def check_free_space(files: Iterable[HubDownload]) -> int:
    """Bytes of these files that must be downloaded. Raises `InputError` where the disk has less free space."""
    missing = sum(each.size for each in files if each.local is None)
    free, folder = free_space()
    if missing > free:
        what = f"{gigabytes(missing)} must be downloaded, and the disk of '{folder}' has {gigabytes(free)} free"
        raise InputError(what, cure="Free some space, or name another folder with the environment variable HF_HOME")
    return missing


def free_space() -> tuple[int, Path]:
    """Free bytes on the disk of the hub's cache, and the folder of that cache."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE).expanduser()
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(existing).free, folder


def gigabytes(size: int) -> str:
    """A size for people: `7.1 GB`, and `0.4 MB` below a tenth of a gigabyte."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _pipeline_files(location: Hub, replaced: Sequence[str]) -> Iterator[HubDownload]:
    """The index of a pipeline, and the configurations and weights of the components that are loaded.

    Of components that the card replaces, only the configurations.
    """
    files = _repository(location)
    index = f"{_prefix(location)}{PIPELINE_FILE}"
    if index not in files:
        what = f"'{location.hub}' has no file '{index}'"
        raise InputError(what, cure="`weights` must be a repository in diffusers layout")
    yield files[index]
    components = json.loads(_content(files[index]))
    for name, origin in components.items():
        if isinstance(origin, list) and origin[0] and name not in SKIPPED_COMPONENTS:
            folder = f"{_prefix(location)}{name}/"
            yield from _configurations(files, folder)
            yield from _weights(files, folder, location.variant) if name not in replaced else ()


def _content(file: HubDownload) -> bytes:
    """The content of a small file, which is not kept: before a person agrees, nothing of a model is here."""
    from huggingface_hub import hf_hub_download

    if file.local:
        return file.local.read_bytes()
    with TemporaryDirectory() as folder, _hub_errors(file.hub, file.revision):
        path = Path(hf_hub_download(file.hub, file.path, revision=file.revision, local_dir=folder))
        _check_digest(file, path)
        return path.read_bytes()


def _network_files(location: Hub) -> Iterator[HubDownload]:
    """The configuration and weights of one network: a control network, or one that replaces a component."""
    files = _repository(location)
    folder = _prefix(location)
    found = list(_weights(files, folder, location.variant))
    if not found:
        what = f"'{location.hub}' has no .safetensors weights in '{folder or '.'}'"
        raise InputError(what, cure="Check `subfolder` and `variant` in the card")
    yield from _configurations(files, folder)
    yield from found


def _adapter_files(control: ControlModel, location: Hub) -> Iterator[HubDownload]:
    """The weights of an IP-Adapter and its image encoder."""
    if control.type != "ip_adapter":
        return
    files, folder = _repository(location), _prefix(location)
    beside = [path for path in files if PurePosixPath(path).parent == PurePosixPath(folder)]
    yield from (files[path] for path in beside if path.endswith(".safetensors") and _is_adapter(path, control.adapter))
    yield from _configurations(files, f"{folder}{IMAGE_ENCODER}/")
    yield from _weights(files, f"{folder}{IMAGE_ENCODER}/", None)


def _is_adapter(path: str, name: str | None) -> bool:
    return name is None or PurePosixPath(path).name == name


def _single_file(file: HubFile) -> Iterator[HubDownload]:
    files = _repository(Hub(hub=file.hub, revision=file.revision))
    if file.file not in files:
        raise InputError(f"'{file.hub}' has no file '{file.file}'", cure="Check `hub`, `revision` and `file`")
    yield files[file.file]


def _prefix(location: Hub) -> str:
    return f"{location.subfolder.strip('/')}/" if location.subfolder else ""


def _configurations(files: "dict[str, HubDownload]", folder: str) -> Iterator[HubDownload]:
    for path, file in files.items():
        if path.startswith(folder) and "/" not in path[len(folder) :] and path.endswith(_CONFIGURATIONS):
            yield file


def _weights(files: "dict[str, HubDownload]", folder: str, variant: str | None) -> Iterator[HubDownload]:
    """The weight files in a folder of the hub: of the variant, or without one where the folder does not have it."""
    names = {path: _WEIGHTS.fullmatch(path[len(folder) :]) for path in files if path.startswith(folder)}
    named = {path: name for path, name in names.items() if name}
    of_libraries = {path: name for path, name in named.items() if name["name"] in _LIBRARY_NAMES}
    found = {path: name["variant"] for path, name in (of_libraries or named).items()}
    wanted = variant if variant in found.values() else None
    yield from (files[path] for path, each in found.items() if each == wanted)


def _repository(location: Hub) -> dict[str, HubDownload]:
    """Every file of a repository by its path."""
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.hf_api import RepoFile
    except ImportError as error:
        raise NotInstalledError("huggingface_hub is not installed", cure=HUB_CURE) from error
    with _hub_errors(location.hub, location.revision):
        entries = list(HfApi().list_repo_tree(location.hub, revision=location.revision, recursive=True))
    return {
        each.path: HubDownload(
            location.hub, location.revision, each.path, each.size, each.lfs.sha256 if each.lfs else each.blob_id
        )
        for each in entries
        if isinstance(each, RepoFile)
    }


def _check_digest(file: HubDownload, path: Path) -> None:
    """Compare a file with the digest that the hub lists; one that differs is removed, to be downloaded again."""
    if len(file.digest) == 64:  # sha256, in hex
        found = file_sha256(path)
    else:
        data = path.read_bytes()
        found = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()
    if found != file.digest:
        path.resolve().unlink()
        path.unlink(missing_ok=True)
        what = f"'{file.path}' of '{file.hub}' arrived damaged, and was removed: its digest is not the hub's"
        raise NotInstalledError(what, cure="Run the same command again")


def _reporter(emit: Emit, file: str, done: int, total: int) -> Callable[..., Any]:
    """A subclass of `tqdm` that draws nothing and emits the progress of one file as bytes of all."""
    from tqdm import tqdm

    class Reporter(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})
            self.received = int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool:
            self.received += int(n or 0)
            emit(Downloading(file=file, done=done + self.received, total=total))
            return True

    return Reporter


@contextmanager
def _hub_errors(hub: str, revision: str) -> Iterator[None]:
    """Raise errors of huggingface_hub as one sentence with a cure."""
    from httpx2 import HTTPError
    from huggingface_hub import errors

    page = f"https://huggingface.co/{hub}"
    login = "log in with `hf auth login` or set HF_TOKEN, and run the same command again"
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it warns before each of its five retries
    try:
        yield
    except errors.GatedRepoError as error:
        cure = f"Accept its licence at {page}, {login}"
        raise NotInstalledError(f"'{hub}' is gated: its files are only for accounts with access", cure=cure) from error
    except errors.RevisionNotFoundError as error:
        raise InputError(f"'{hub}' has no revision '{revision}'", cure=f"Choose one at {page}/commits") from error
    except errors.RepositoryNotFoundError as error:
        cure = f"Check its name at {page}; for a private one, {login}"
        raise NotInstalledError(f"the hub has no repository '{hub}', or it is private", cure=cure) from error
    except errors.HFValidationError as error:
        raise InputError(f"'{hub}' is not a hub repository", cure=HUB_NAME_CURE) from error
    except errors.OfflineModeIsEnabled as error:
        cure = "Unset the environment variable HF_HUB_OFFLINE, and run the same command again"
        raise NotInstalledError("huggingface_hub is in offline mode", cure=cure) from error
    except (HTTPError, OSError) as error:
        if isinstance(error, errors.HfHubHTTPError) and error.response.status_code in (401, 403):
            raise NotInstalledError(f"the hub gives no access to '{hub}'", cure=f"See {page}, {login}") from error
        reason = str(error).strip().partition("\n")[0][:160] or type(error).__name__
        cure = "Check the network and run the same command again: finished files are kept"
        raise NotInstalledError(f"the download from '{hub}' broke off ({reason})", cure=cure) from error
