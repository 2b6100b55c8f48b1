"""Cost of sampling: seconds, energy where it was measured, and money at a price an hour.

Energy is the measured mean power of the device times the seconds; money is the hourly price of the machine times the
seconds. Idle time between batches, loading and finishing are not included.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from assetgen.events import Drawn

HOUR = 3600.0
"""Seconds."""
_DIGITS = 6


class Cost(TypedDict, total=False):
    """Cost of one or several images, as the store, the lock and `Finished` events record it; empty where no model ran.

    `watt_hours` is absent where the machine has no power counter, `usd` where no price is set. `device` and `batch`
    (the batch's size and the slot in it) are those of the last image.
    """

    seconds: float
    watt_hours: float
    usd: float
    device: str
    batch: list[int]


def cost_of(drawn: Drawn, price: float) -> Cost:
    """The cost of one image; `price` is USD an hour, 0 for none."""
    cost: Cost = {"seconds": round(drawn.seconds, 3)}
    if drawn.watts:
        cost["watt_hours"] = round(drawn.seconds * drawn.watts / HOUR, _DIGITS)
    if price:
        cost["usd"] = round(drawn.seconds * price / HOUR, _DIGITS)
    return {**cost, "device": drawn.device, "batch": [drawn.batch, drawn.slot]}


def machine_class(cost: Mapping[str, Any]) -> str:
    """The class of machine that sampled an image: there its bytes are always the same. "" where no model ran.

    On a GPU the bytes also depend on the size of the batch and the slot in it.
    """
    device = str(cost.get("device", ""))
    return device if not device or device.startswith("cpu") else f"{device}, batch and slot {cost.get('batch')}"


def summed(costs: Iterable[Cost]) -> Cost:
    """The total of several costs."""
    total: Cost = {}
    for cost in costs:
        sums: Cost = {}
        if "seconds" in cost:
            sums["seconds"] = round(total.get("seconds", 0.0) + cost["seconds"], _DIGITS)
        if "watt_hours" in cost:
            sums["watt_hours"] = round(total.get("watt_hours", 0.0) + cost["watt_hours"], _DIGITS)
        if "usd" in cost:
            sums["usd"] = round(total.get("usd", 0.0) + cost["usd"], _DIGITS)
        total = {**total, **cost, **sums}
    return total
