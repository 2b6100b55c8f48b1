"""Connect to a Ray cluster and count the workers that fit on its machines. Private names of Ray are only here."""

import logging
import re
import socket
from collections.abc import Iterable, Mapping

import ray
from ray._private import worker as ray_driver
from ray.exceptions import RayError

from assetgen.errors import InputError
from assetgen.store.backends import short_reason

CORES = 4
"""Of a worker without a GPU; more help little: see the cost of a batch by cores in `examples/cluster`."""
_CONNECT_TIMEOUT = 5.0
_ADDRESS = re.compile(r"(?:ray://)?(\[[0-9a-fA-F:]+\]|[^/:\s]+):(\d{1,5})")


def check_address(address: str | None) -> None:
    """Raise `InputError` for an address that Ray cannot parse."""
    if address not in (None, "auto") and not _ADDRESS.fullmatch(address):
        cure = "Write auto, HOST:PORT or ray://HOST:PORT"
        raise InputError(f"'{address}' is not the address of a Ray cluster", cure=cure)


def connect(address: str | None) -> None:
    """Connect Ray to a cluster, or to one on this machine that ends with the connection."""
    ray_driver._worker_logs_enabled = False  # errors of workers go to stdout even with log_to_driver=False
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        ray.init(address="local", include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
        return
    cure = "Start one with `ray start --head`; if it requires a token, set RAY_AUTH_MODE=token"
    try:
        if match := _ADDRESS.fullmatch(address):  # ray.init would wait for minutes
            socket.create_connection((match[1].strip("[]"), int(match[2])), _CONNECT_TIMEOUT).close()
        ray.init(address=address, **quiet)
    except (OSError, OverflowError) as error:
        what = short_reason(error) if address != "auto" else "none runs on this machine"
        raise InputError(f"no Ray cluster answers at '{address}' ({what})", cure=cure) from error
    except (RuntimeError, ValueError, RayError) as error:
        cure = "Use the same versions of Ray and Python on every machine"
        raise InputError(f"cannot join the Ray cluster at '{address}' ({short_reason(error)})", cure=cure) from error


def count_workers(machines: Iterable[Mapping[str, float]], cores: int) -> tuple[int, dict[str, int]]:
    """How many workers fit on machines with these Ray resources, and what each reserves.

    Where any machine has a GPU, only GPUs count: an image sampled on a CPU takes hours and has other bytes. Machines
    without free cores ("CPU": 0, as the head of a cluster) get no worker.
    """
    usable = [machine for machine in machines if machine.get("CPU", 0) >= 1]
    if gpus := [machine for machine in usable if machine.get("GPU", 0) >= 1]:
        cores = max(1, min(int(machine["CPU"] // machine["GPU"]) for machine in gpus))
        count = sum(min(int(machine["GPU"]), int(machine["CPU"] // cores)) for machine in gpus)
        return count, {"num_gpus": 1, "num_cpus": cores}
    cores = min([cores, *(int(machine["CPU"]) for machine in usable)])
    return sum(int(machine["CPU"] // cores) for machine in usable), {"num_cpus": cores}
