"""What sampling costs: seconds, an estimate of the energy, and money at a price an hour.

Nothing here is metered. Energy is the device's usual draw under load times the seconds; money is the hourly price of
the machine times the seconds. The idle time between batches, loading and finishing are not in it.
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
