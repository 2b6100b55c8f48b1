"""Cost of sampling: seconds, energy where it was measured, and money at a price an hour.

Energy is the measured mean power of the device times the seconds; money is the hourly price of the machine times the
seconds. Idle time between batches, loading and finishing are not included.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from assetgen.events import Drawn

HOUR = 3600.0
ADDED = ("seconds", "watt_hours", "usd")
DIGITS = 6


def cost_of(drawn: Drawn, price: float) -> dict[str, Any]:
    """The cost of one picture; `price` is USD an hour, 0 where nobody named one."""
    cost: dict[str, Any] = {"seconds": round(drawn.seconds, 3)}
    if drawn.watts:
        cost["watt_hours"] = round(drawn.seconds * drawn.watts / HOUR, DIGITS)
    if price:
        cost["usd"] = round(drawn.seconds * price / HOUR, DIGITS)
    return cost | {"device": drawn.device, "batch": [drawn.batch, drawn.slot]}


def summed(costs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Several tries as one cost: sums, and device and batch of the last. Empty where nothing was sampled."""
    total: dict[str, Any] = {}
    for cost in costs:
        total = {**total, **cost, **{key: round(total.get(key, 0) + cost[key], DIGITS) for key in ADDED if key in cost}}
    return total
