"""How often one may try: every attempt is counted before it is judged, and waits grow with attempts that failed.

Counted in the database for a name and for an address, so that a restart or a second process forgets nothing; and in
memory for an address alone, so that a flood does not reach the database or the password's hash at all.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection
from psycopg.rows import DictRow

from app.signin.errors import TooManyAttempts
from db import sessions

WAIT = "Wait, then try again; a supervisor can have a one-time link made for you."


@dataclass(frozen=True)
class Limits:
    """Attempts that cost nothing, for a name and for an address; after them each one doubles the wait, to a longest."""

    free_for_name: int = 5
    free_for_address: int = 20
    first_wait: float = 10.0  # seconds
    longest_wait: float = 900.0
    window: timedelta = timedelta(hours=2)
    per_minute: int = 30


LIMITS = Limits()


def count(connection: Connection[DictRow], tenant: str, name: str, address: str) -> None:
    """Count an attempt; raises `TooManyAttempts` instead when it comes too soon after those that failed."""
    # Always in this order: two attempts at once must not wait for each other.
    for subject, free in ((_of_address(address), LIMITS.free_for_address), (_of_name(name), LIMITS.free_for_name)):
        held = sessions.hold_attempts(connection, tenant, subject, LIMITS.window)
        wait = _wait(held.attempts, free) - held.seconds_ago
        if wait > 0:
            raise TooManyAttempts(retry_after=int(wait) + 1, remedy=WAIT)
        sessions.count_attempt(connection, subject)


def succeeded(connection: Connection[DictRow], name: str, address: str) -> None:
    """The name starts anew; of the address only this attempt is forgiven."""
    sessions.take_back_attempt(connection, _of_address(address))
    sessions.clear_attempts(connection, _of_name(name))


def _wait(attempts: int, free: int) -> float:
    doubled = LIMITS.first_wait * 2.0 ** min(attempts - free, 30)
    return 0.0 if attempts < free else min(doubled, LIMITS.longest_wait)


def _of_name(name: str) -> str:
    return f"person:{name}"


def _of_address(address: str) -> str:
    return f"address:{address}"


class AddressBudget:
    """At most so many tries a minute from one address, in this process; remembers the newest `remembered` addresses."""

    def __init__(self, per_minute: int = LIMITS.per_minute, remembered: int = 10_000) -> None:
        self._per_minute, self._remembered = per_minute, remembered
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, address: str) -> None:
        """Count a try; raises `TooManyAttempts`."""
        now = time.monotonic()
        with self._lock:
            tries = self._tries.setdefault(address, deque())
            self._tries.move_to_end(address)
            while len(self._tries) > self._remembered:
                self._tries.popitem(last=False)
            while tries and now - tries[0] > 60.0:
                tries.popleft()
            if len(tries) >= self._per_minute:
                raise TooManyAttempts(retry_after=int(60.0 - (now - tries[0])) + 1, remedy=WAIT)
            tries.append(now)
