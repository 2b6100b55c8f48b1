"""Connect to a Ray cluster and find the machines that workers fit on. Private names of Ray are only here."""

import logging
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray._private import worker as ray_driver
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

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


@dataclass(frozen=True)
class Node:
    """A machine of the cluster: `count` workers fit on it, each with these cores and, with `gpus`, one GPU."""

    id: str
    name: str
    count: int
    cores: int
    gpus: bool

    @property
    def options(self) -> dict[str, Any]:
        """Ray's options of a worker that runs on this machine only."""
        place = NodeAffinitySchedulingStrategy(self.id, soft=False)
        return {"num_cpus": self.cores, "num_gpus": int(self.gpus), "scheduling_strategy": place}


def usable_nodes(nodes: Iterable[Mapping[str, Any]], cores: int) -> list[Node]:
    """The machines of a cluster (`ray.nodes()`) that get workers, and how many fit on each.

    Where any machine has a GPU, only GPUs count: an image sampled on a CPU takes hours and has other bytes. Machines
    without free cores ("CPU": 0, as the head of a cluster) get no worker.
    """
    alive = [node for node in nodes if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    with_gpu = [node for node in alive if node["Resources"].get("GPU", 0) >= 1]
    return [_node(node, cores) for node in with_gpu or alive]


def is_alive(node: Node) -> bool:
    """Whether the machine still belongs to the cluster."""
    return any(each["NodeID"] == node.id and each["Alive"] for each in ray.nodes())


def _node(node: Mapping[str, Any], cores: int) -> Node:
    free, gpus = int(node["Resources"]["CPU"]), int(node["Resources"].get("GPU", 0))
    share = max(1, free // gpus) if gpus else min(cores, free)
    count = min(gpus, free // share) if gpus else free // share
    return Node(node["NodeID"], node["NodeManagerHostname"], count, share, gpus > 0)
