"""The tools there are, in the order in which people meet them."""

from __future__ import annotations

from tools import (
    case,
    exceptions,
    forecast,
    inventory_position,
    open_orders,
    resolve_identity,
    stock_risk,
)
from tools.registry import Registry


def registry() -> Registry:
    """All tools."""
    return Registry(
        (
            resolve_identity.TOOL,
            inventory_position.TOOL,
            open_orders.TOOL,
            exceptions.TOOL,
            case.TOOL,
            forecast.TOOL,
            stock_risk.TOOL,
        )
    )
