"""The tools there are, in the order in which people meet them."""

from __future__ import annotations

from tools import (
    case,
    exceptions,
    explain,
    explain_forecast,
    forecast,
    inventory_position,
    model_status,
    open_orders,
    options,
    proposals,
    purchases,
    replenishment,
    resolve_identity,
    segments,
    sops,
    stock_risk,
    transfers,
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
            sops.TOOL,
            explain.TOOL,
            model_status.TOOL,
            forecast.TOOL,
            explain_forecast.TOOL,
            stock_risk.TOOL,
            segments.TOOL,
            replenishment.TOOL,
            purchases.TOOL,
            transfers.TOOL,
            options.TOOL,
            proposals.TRANSFER,
            proposals.PURCHASE,
        )
    )
