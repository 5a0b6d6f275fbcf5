"""What became of each case, most urgent first: the one shape for every surface and for `triage --json`."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from cases.rank import ranked
from db import outcomes, tenants
from db.outcomes import CaseOutcome


def outcomes_of(connection: Connection[DictRow], case_ids: Sequence[str]) -> list[CaseOutcome]:
    """The cases' outcomes, ranked as people see them."""
    return ranked(outcomes.of_cases(connection, case_ids), tenants.currency(connection))
