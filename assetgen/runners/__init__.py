"""Who makes the images of a build: this process, or the workers of a Ray cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from assetgen.build.sampling import Runner, local_runner
from assetgen.errors import InputError

RunnerName = Literal["local", "ray"]


@contextmanager
def open_runner(name: RunnerName, address: str | None = None) -> Iterator[Runner]:
    """A runner, and the end of what it started.

    `address` is that of a Ray cluster: "auto" for the one that this machine is part of, HOST:PORT, ray://HOST:PORT;
    without one, Ray is started here for this build alone. Raises `InputError` for what can be no address. Ray is loaded
    and the cluster called when the first picture is to be made.
    """
    if name == "local":
        if address is not None:
            raise InputError("--address is that of a Ray cluster", cure="Add --runner ray")
        yield local_runner
        return
    from assetgen.runners.cluster import RayCrew, checked_address
    from assetgen.runners.remote import Remote

    place = checked_address(address)
    with Remote(lambda order: RayCrew(place, order)) as runner:
        yield runner
