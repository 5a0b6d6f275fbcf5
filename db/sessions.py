"""Rows of people's sessions, one-time sign-in links and counted attempts. Tokens are kept as hashes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

How = Literal["password", "link"]

INSERT_SESSION: LiteralString = """
INSERT INTO person_session (tenant, token_hash, person, how, expires_at)
VALUES (%(tenant)s, %(token_hash)s, %(person)s, %(how)s, clock_timestamp() + %(lasts)s) RETURNING expires_at"""
LIVE_SESSION: LiteralString = """
SELECT s.person, p.name, p.roles, s.expires_at,
       least(s.expires_at, s.seen_at + %(idle)s) > now() AND s.ended_at IS NULL AND p.active AS live
  FROM person_session s JOIN person p USING (tenant, person) WHERE s.token_hash = %(token_hash)s"""
TOUCH_SESSION: LiteralString = """
UPDATE person_session SET seen_at = now()
 WHERE token_hash = %(token_hash)s AND seen_at < now() - interval '1 minute'"""
END_SESSION: LiteralString = """
UPDATE person_session SET ended_at = clock_timestamp()
 WHERE token_hash = %(token_hash)s AND ended_at IS NULL RETURNING person"""
END_ALL: LiteralString = """
UPDATE person_session SET ended_at = clock_timestamp() WHERE person = %(person)s AND ended_at IS NULL"""
FORGET: tuple[LiteralString, ...] = (
    "DELETE FROM person_session WHERE expires_at < now() - interval '7 days'",
    "DELETE FROM sign_in_link WHERE expires_at < now() - interval '7 days'",
    "DELETE FROM sign_in_attempt WHERE last_at < now() - interval '1 day'",
)

INSERT_LINK: LiteralString = """
INSERT INTO sign_in_link (tenant, token_hash, person, expires_at)
VALUES (%(tenant)s, %(token_hash)s, %(person)s, clock_timestamp() + %(lasts)s)"""
LINK: LiteralString = """
SELECT p.person, p.name FROM sign_in_link l JOIN person p USING (tenant, person)
 WHERE l.token_hash = %(token_hash)s AND l.used_at IS NULL AND l.expires_at > now() AND p.active"""
# Two clicks at once: the second waits for the first one's row and then finds it used.
USE_LINK: LiteralString = """
UPDATE sign_in_link l SET used_at = clock_timestamp()
 WHERE token_hash = %(token_hash)s AND used_at IS NULL AND expires_at > now()
   AND EXISTS (SELECT FROM person p WHERE p.person = l.person AND p.active) RETURNING person"""

# The row is made, or locked, before anything is judged: attempts at the same moment are counted one after another.
HOLD_ATTEMPTS: LiteralString = """
INSERT INTO sign_in_attempt (tenant, subject, attempts) VALUES (%(tenant)s, %(subject)s, 0)
ON CONFLICT (tenant, subject) DO UPDATE SET
    attempts = CASE WHEN sign_in_attempt.last_at < now() - %(window)s THEN 0 ELSE sign_in_attempt.attempts END
RETURNING attempts, extract(epoch FROM clock_timestamp() - last_at)::float8 AS seconds_ago"""
COUNT_ATTEMPT: LiteralString = """
UPDATE sign_in_attempt SET attempts = attempts + 1, last_at = clock_timestamp() WHERE subject = %(subject)s"""
TAKE_BACK: LiteralString = """
UPDATE sign_in_attempt SET attempts = greatest(attempts - 1, 0) WHERE subject = %(subject)s"""
CLEAR_ATTEMPTS: LiteralString = "DELETE FROM sign_in_attempt WHERE subject = %(subject)s"


@dataclass(frozen=True)
class SessionRow:
    """A session with its person as they are now; `live` is false once it ended, idled out or they were deactivated."""

    person: str
    name: str
    roles: list[str]
    expires_at: datetime
    live: bool


@dataclass(frozen=True)
class LinkRow:
    """Whom an unused link would sign in."""

    person: str
    name: str


@dataclass(frozen=True)
class AttemptsRow:
    """Attempts since the last success, and how long ago the last one was."""

    attempts: int
    seconds_ago: float


def start_session(
    connection: Connection[DictRow], tenant: str, token_hash: bytes, person: str, how: How, lasts: timedelta
) -> datetime:
    """Keep a session; its latest end."""
    values = {"tenant": tenant, "token_hash": token_hash, "person": person, "how": how, "lasts": lasts}
    row = connection.execute(INSERT_SESSION, values).fetchone()
    assert row is not None
    return row["expires_at"]


def find_session(connection: Connection[DictRow], token_hash: bytes, idle: timedelta) -> SessionRow | None:
    """The session, live or not."""
    with connection.cursor(row_factory=class_row(SessionRow)) as cursor:
        return cursor.execute(LIVE_SESSION, {"token_hash": token_hash, "idle": idle}).fetchone()


def touch_session(connection: Connection[DictRow], token_hash: bytes) -> None:
    """Note that it is in use, at most once a minute."""
    connection.execute(TOUCH_SESSION, {"token_hash": token_hash})


def end_session(connection: Connection[DictRow], token_hash: bytes) -> str | None:
    """End it; whose it was, or None when it had ended or never was."""
    row = connection.execute(END_SESSION, {"token_hash": token_hash}).fetchone()
    return None if row is None else str(row["person"])


def end_all(connection: Connection[DictRow], person: str) -> int:
    """End all of a person's sessions; how many there were."""
    return connection.execute(END_ALL, {"person": person}).rowcount


def forget_old(connection: Connection[DictRow]) -> None:
    """Remove what ended long ago; the audit store keeps that it was."""
    for statement in FORGET:
        connection.execute(statement)


def insert_link(connection: Connection[DictRow], tenant: str, token_hash: bytes, person: str, lasts: timedelta) -> None:
    """Keep a one-time link."""
    values = {"tenant": tenant, "token_hash": token_hash, "person": person, "lasts": lasts}
    connection.execute(INSERT_LINK, values)


def find_link(connection: Connection[DictRow], token_hash: bytes) -> LinkRow | None:
    """Whom the link signs in, while it can be used."""
    with connection.cursor(row_factory=class_row(LinkRow)) as cursor:
        return cursor.execute(LINK, {"token_hash": token_hash}).fetchone()


def use_link(connection: Connection[DictRow], token_hash: bytes) -> str | None:
    """Use the link up; its person, or None when it was used, is over, or never was."""
    row = connection.execute(USE_LINK, {"token_hash": token_hash}).fetchone()
    return None if row is None else str(row["person"])


def hold_attempts(connection: Connection[DictRow], tenant: str, subject: str, window: timedelta) -> AttemptsRow:
    """The attempts of a subject, locked until the transaction ends; forgotten after a `window` of quiet."""
    with connection.cursor(row_factory=class_row(AttemptsRow)) as cursor:
        row = cursor.execute(HOLD_ATTEMPTS, {"tenant": tenant, "subject": subject, "window": window}).fetchone()
    assert row is not None
    return row


def count_attempt(connection: Connection[DictRow], subject: str) -> None:
    """One more."""
    connection.execute(COUNT_ATTEMPT, {"subject": subject})


def take_back_attempt(connection: Connection[DictRow], subject: str) -> None:
    """One less: it succeeded, but others from there may have failed."""
    connection.execute(TAKE_BACK, {"subject": subject})


def clear_attempts(connection: Connection[DictRow], subject: str) -> None:
    """None any more."""
    connection.execute(CLEAR_ATTEMPTS, {"subject": subject})
