"""One round over all tenants, for a process that looks again and again. It does not say when the next one is."""

from __future__ import annotations

import logging
from collections.abc import Callable

import psycopg

from db.session import Database
from domain.errors import QuartermasterError


def over_tenants(database: Database, look: Callable[[str], object], log: logging.Logger) -> None:
    """Look at each; what goes wrong at one is logged, keeps nobody from the others, and is tried in the next round.

    Raises what asking for the tenants' names raises.
    """
    for tenant in database.tenant_names():
        try:
            look(tenant)
        except (psycopg.Error, QuartermasterError) as error:
            log.warning("%s could not be looked at: %s", tenant, error)
        except Exception:  # a defect that one tenant's data bring out must not end the thread that looks at all of them
            log.exception("%s could not be looked at", tenant)
