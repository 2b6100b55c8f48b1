"""Where the images of a build are sampled: in this process, or by the workers of a Ray cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from assetgen.build.sampling import Runner, local_runner
from assetgen.errors import InputError, NotInstalledError

RunnerName = Literal["local", "ray"]


@contextmanager
def open_runner(name: RunnerName, address: str | None = None) -> Iterator[Runner]:
    """A runner; what it started ends with the context.

    `address` is that of a Ray cluster: "auto" for the one that this machine belongs to, HOST:PORT or ray://HOST:PORT;
    without one, Ray starts on this machine for this build only. Raises `InputError` for a malformed address. The
    cluster is connected when the first image must be sampled.
    """
    if name == "local":
        if address is not None:
            raise InputError("--address needs a Ray cluster", cure="Add --runner ray")
        yield local_runner
        return
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise NotInstalledError("--runner ray needs Ray", cure='pip install "assetgen[ray]"') from error
    from assetgen.runners.ray_runner import RayRunner

    with RayRunner(address) as runner:
        yield runner
