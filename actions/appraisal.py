"""What the executor asks for before it believes a benefit: the figures of this very order, worked out anew.

The mathematics lies in layers above (`cases.appraisal`), so the process that decides hands in whoever does it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from actions.model import Benefit, Proposal
from domain.errors import QuartermasterError

log = logging.getLogger(__name__)

MONEY = ("expected_benefit", "benefit_lower", "tail_loss")
LARGEST_SHARE = Decimal(9999)


class Appraiser(Protocol):
    """Works out a proposal's benefit from what the database holds now, and from nothing that the proposal claims."""

    def __call__(self, connection: Connection[DictRow], proposal: Proposal, /) -> Benefit:
        """Money in the item's currency; raises a `QuartermasterError` when this order has no such figures."""
        ...


def appraised(connection: Connection[DictRow], appraise: Appraiser, proposal: Proposal) -> Benefit | str:
    """The benefit, or in words why there is none. A lost connection is raised: the question is asked again."""
    try:
        return appraise(connection, proposal)
    except QuartermasterError as error:
        return f"The benefit of this order cannot be worked out: {error.args[0]}"
    except psycopg.Error:
        raise
    except Exception as error:  # a defect there must end in a denial, not in a proposal that is asked about for ever
        log.exception("appraising proposal %s failed", proposal.proposal_id)
        return f"Working out the benefit of this order failed ({type(error).__name__})."


@dataclass(frozen=True)
class Overstatement:
    """By how much a claim is better than what was worked out: `money`, and its `share` of the largest figure."""

    money: Decimal
    share: Decimal


def overstatement(claimed: Benefit, found: Benefit) -> Overstatement:
    """The worst of the three figures in money; none is 0. The share is of what was found, which nobody can claim."""
    pairs = [(getattr(claimed, name), getattr(found, name)) for name in MONEY]
    money = max(Decimal(0), *(ours - theirs for ours, theirs in pairs))
    largest = max(Decimal(1), *(abs(theirs) for _, theirs in pairs))
    return Overstatement(money, min(money / largest, LARGEST_SHARE))
