"""People in and out: password or one-time link → session → the person of a request. Under the operator's role.

Nothing here trusts what a request says about itself: a tenant is the one a token was issued in, roles are read anew
each time, and a refusal never tells whether a name exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection
from psycopg.rows import DictRow

from app.signin import attempts, passwords
from app.signin.errors import LinkOver, NotIdentified, SessionOver, SignInRefused, TooManyAttempts
from app.signin.model import SignedIn
from app.signin.refusals import STRANGER, Refusals
from app.signin.tokens import hashed, new_token, token_tenant
from audit.append import append
from audit.events import Action
from db import credentials, people, sessions
from db.session import Database
from db.sessions import How, LinkRow
from domain.context import Actor, Context
from domain.errors import NotFound

AGAIN = "Sign in again."
GENERIC = "Check both and try again, or ask for a one-time link."


@dataclass(frozen=True)
class Times:
    """How long a session may be idle, how long it lasts at most, and how long a link waits to be used."""

    idle: timedelta = timedelta(hours=2)
    longest: timedelta = timedelta(hours=12)
    link: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class Started:
    """A session that has begun; `token` is known to its holder alone."""

    token: str
    who: SignedIn


@dataclass(frozen=True)
class _Known:
    """Whom an attempt concerns, for the audit store, and the hash that the password must fit."""

    subject: str = "sign_in:unknown"
    password: str | None = None


class SignIn:
    """One a process. `secure` says that people reach it by TLS: the cookie is then bound to it."""

    def __init__(self, database: Database, *, secure: bool = False, times: Times | None = None) -> None:
        self._database = database
        self._budget = attempts.AddressBudget()
        self.refusals = Refusals(database)
        self.secure = secure
        self.times = times or Times()

    @property
    def cookie(self) -> str:
        """The session cookie's name; with TLS one that no neighbouring host or path can set."""
        return "__Host-quartermaster_session" if self.secure else "quartermaster_session"

    def person_of(self, cookie_header: str) -> SignedIn | None:
        """The signed-in person of a Cookie header; None for anything else, never an error."""
        token = self.token_in(cookie_header)
        try:
            return self.session(token) if token else None
        except NotIdentified:
            return None

    def token_in(self, cookie_header: str) -> str | None:
        """The session's token; None where there is none, or more than one."""
        pairs = (part.strip().partition("=") for part in cookie_header.split(";"))
        found = [value for name, _, value in pairs if name == self.cookie]
        return found[0] if len(found) == 1 else None

    def session(self, token: str, trace_id: str = "") -> SignedIn:
        """The person of a live session; raises `SessionOver`."""
        tenant, kept = token_tenant(token), hashed(token)
        if tenant is None:
            raise SessionOver(remedy=AGAIN)
        with self._database.transaction(tenant) as connection:
            row = sessions.find_session(connection, kept, self.times.idle)
            if row is not None and row.live:
                sessions.touch_session(connection, kept)
                return SignedIn(tenant, row.person, row.name, frozenset(row.roles), row.expires_at)
        over = SessionOver(remedy=AGAIN)
        if row is not None:
            self.refusals.of_stranger(tenant, trace_id, f"person:{row.person}", "session", over)
        raise over

    def sign_in(self, person: str, password: str, *, tenant: str = "", address: str, trace_id: str = "") -> Started:
        """A session for a name and password that fit.

        Without a tenant the only one there is. Raises `SignInRefused` (the same for an unknown name, a wrong password
        and somebody who was deactivated) or `TooManyAttempts`.
        """
        self._budget.spend(address)
        names = self._database.tenant_names()
        tenant = tenant or (names[0] if len(names) == 1 else "")
        known = _Known()
        if tenant in names and _is_name(person):
            known = self._counted(tenant, person, address, trace_id)
        if not passwords.is_right(known.password, password):
            refused = SignInRefused(remedy=GENERIC)
            if tenant in names:
                self.refusals.of_stranger(tenant, trace_id, known.subject, "sign-in", refused)
            raise refused
        with self._database.transaction(tenant) as connection:
            attempts.succeeded(connection, person, address)
            return self._start(connection, tenant, person, "password", trace_id)

    def link(self, tenant: str, person: str, context: Context | None = None) -> str:
        """The path of a one-time sign-in link for a person, `/sign-in/TOKEN`; raises `NotFound`."""
        token = new_token(tenant)
        context = context or Context(tenant, STRANGER)
        with self._database.transaction(tenant) as connection:
            known = people.find(connection, person)
            if known is None or not known.active:
                raise NotFound(f"There is nobody active called {person!r} in tenant {tenant}.")
            sessions.insert_link(connection, tenant, hashed(token), person, self.times.link)
            append(connection, context, Action.LINK_MADE, subject=f"person:{person}", data={})
        return f"/sign-in/{token}"

    def link_holder(self, token: str) -> LinkRow:
        """Whom a link would sign in; raises `LinkOver`. Looking does not use it up: mail scanners look at links."""
        tenant = token_tenant(token)
        if tenant is None:
            raise LinkOver(remedy="Ask for a new one.")
        with self._database.transaction(tenant) as connection:
            found = sessions.find_link(connection, hashed(token))
        if found is None:
            raise LinkOver(remedy="Ask for a new one.")
        return found

    def use_link(self, token: str, *, address: str, trace_id: str = "") -> Started:
        """A session for a link, once; raises `LinkOver`."""
        self._budget.spend(address)
        tenant, over = token_tenant(token), LinkOver(remedy="Ask for a new one.")
        if tenant is None:
            raise over
        with self._database.transaction(tenant) as connection:
            person = sessions.use_link(connection, hashed(token))
            if person is not None:
                return self._start(connection, tenant, person, "link", trace_id)
        if tenant in self._database.tenant_names():
            self.refusals.of_stranger(tenant, trace_id, "sign_in:link", "sign-in", over)
        raise over

    def sign_out(self, token: str, trace_id: str = "") -> None:
        """End the session; nothing happens where there is none."""
        tenant = token_tenant(token)
        if tenant is None:
            return
        with self._database.transaction(tenant) as connection:
            person = sessions.end_session(connection, hashed(token))
            if person is not None:
                context = Context(tenant, Actor("person", person), trace_id)
                append(connection, context, Action.SESSION_ENDED, subject=f"person:{person}", data={"how": "sign-out"})

    def _counted(self, tenant: str, person: str, address: str, trace_id: str) -> _Known:
        """Count the attempt and look who that would be; raises `TooManyAttempts`."""
        with self._database.transaction(tenant) as connection:
            known, kept = people.find(connection, person), credentials.password_hash(connection, person)
            # What was typed as a name may be a password, and the audit store keeps everything for good.
            found = _Known() if known is None else _Known(f"person:{person}", kept if known.active else None)
            try:
                attempts.count(connection, tenant, person, address)
            except TooManyAttempts as blocked:
                refused = blocked
            else:
                return found
        self.refusals.of_stranger(tenant, trace_id, found.subject, "sign-in", refused)
        raise refused

    def _start(self, connection: Connection[DictRow], tenant: str, person: str, how: How, trace_id: str) -> Started:
        known = people.find(connection, person)
        if known is None or not known.active:
            raise SignInRefused(remedy=GENERIC)
        token = new_token(tenant)
        sessions.forget_old(connection)
        ends = sessions.start_session(connection, tenant, hashed(token), person, how, self.times.longest)
        who = SignedIn(tenant, person, known.name, frozenset(known.roles), ends)
        append(connection, who.context(trace_id), Action.SESSION_STARTED, subject=f"person:{person}", data={"how": how})
        return Started(token, who)


def _is_name(person: str) -> bool:
    return 0 < len(person) <= 120 and person.isprintable()
