"""This machine: the user's folders, the store, the device that models run on, who samples, and the price of an hour.

The only module that looks up user folders. The command line's options read the environment (`ASSETGEN_STORE`,
`ASSETGEN_DEVICE`, `ASSETGEN_PRICE`, `ASSETGEN_STATE_FILE`); nothing below them does.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assetgen.errors import InputError
from assetgen.store.store import Store

if TYPE_CHECKING:
    from assetgen.build.sampling import Runner
    from assetgen.images import Array
    from assetgen.parts import Preview

APP = "assetgen"
_DEVICE = r"auto|cpu|mps|cuda(:\d{1,3})?"


def no_pause() -> None:
    """The `pause` of a machine that does nothing else."""


@dataclass(frozen=True)
class Machine:
    """Where builds run.

    `cache` holds build locks and measured times. `device` is a torch device, "auto" for the best one. `runner` samples
    the images, in this process where it is None. `price` is USD an hour. `pause` is called between two batches, on the
    sampling thread, and while a control image or a build lock is awaited: a server lets urgent jobs go first there.
    `show` receives previews of images that are being sampled in this process, as `assetgen.parts.Preview` does.
    """

    store: Store
    cache: Path
    device: str = "auto"
    runner: "Runner | None" = None
    price: float = 0.0
    pause: Callable[[], None] = no_pause
    show: "Callable[[Mapping[str, Array]], None] | None" = None

    @property
    def locks(self) -> Path:
        """The folder of build locks."""
        return self.cache / "locks"

    @property
    def preview(self) -> "Preview | None":
        """What shows images while they are sampled; None where nothing does."""
        from assetgen.parts import Preview

        return Preview(self.show, self.cache / "previews") if self.show else None

    @property
    def history(self) -> Path:
        """The file of measured times."""
        return self.cache / "history.json"


def this_machine(store: str | None = None, device: str = "auto", price: float = 0.0) -> Machine:
    """The user's machine; `store` is a folder or an fsspec URL, by default a folder of the user's cache.

    Raises `InputError` for a device that torch has no name for.
    """
    if not re.fullmatch(_DEVICE, device):
        raise InputError(f"there is no device '{device}'", cure="Use auto, cpu, cuda, cuda:1 or mps")
    cache = user_cache()
    return Machine(Store(store or default_store()), cache, device, price=price)


def default_store() -> Path:
    """The store in the user's cache folder."""
    return user_cache() / "store"


def user_cache() -> Path:
    """The folder of what can be made again."""
    import platformdirs

    return platformdirs.user_cache_path(APP)


def user_presets() -> Path:
    """The folder of the user's own presets, model cards and palettes."""
    import platformdirs

    return platformdirs.user_config_path(APP) / "presets"


def user_settings() -> Path:
    """The file of the user's settings for all packs, which may not exist."""
    import platformdirs

    return platformdirs.user_config_path(APP) / "settings.yaml"


def server_data() -> Path:
    """The folder of the server's jobs and uploads."""
    import platformdirs

    return platformdirs.user_data_path(APP) / "server"


def server_state() -> Path:
    """The state file, from which clients read the address of the server.

    On Linux that is `$XDG_RUNTIME_DIR/assetgen/server.json`, else `/run/user/UID/assetgen/server.json`, else
    `/tmp/runtime-UID/assetgen/server.json`: the first whose parent exists and is writable. The plugins apply the same
    rule; platformdirs has changed its own between versions.
    """
    if not hasattr(os, "getuid") or sys.platform == "darwin":
        import platformdirs

        return platformdirs.user_runtime_path(APP) / "server.json"
    folders = (os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{os.getuid()}")
    own = next((folder for folder in folders if folder and Path(folder).is_dir() and os.access(folder, os.W_OK)), None)
    return Path(own or f"/tmp/runtime-{os.getuid()}", APP, "server.json")
