"""The only way to call a tool: validated, permitted, limited in time, recorded as evidence and as one audit event.

A call is one transaction: the tool's reads (and, for a propose tool, its proposal), the evidence and the audit event
`tool.called` commit together or not at all. A call that cannot be recorded has not happened. Nothing is decided here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from audit.append import append
from audit.events import Action
from db import cases, evidence, network
from db.evidence import Evidence, Status
from db.session import Database, tenant_clock
from domain.canonical import to_json
from domain.context import Context
from domain.errors import Forbidden, NotFound, QuartermasterError, Unavailable
from tools import permission
from tools.arguments import storable, validated
from tools.contract import SET_TIMEOUT, Call, Deadline, Permission, ToolInput, ToolResult, Versions
from tools.errors import NoData, NotRecorded, TimeLimitReached
from tools.registry import AnyTool, Registry
from tools.retries import is_repeatable, retrying

log = logging.getLogger(__name__)

# Recording is not part of the tool's time, and is bounded by itself.
RECORD_MILLISECONDS = "5000"
READ_ONLY = "SET LOCAL transaction_read_only = on"
# For a call that names no tool; a limit is needed before a tool is known.
REFUSAL_SECONDS = 10.0


@dataclass(frozen=True)
class _Asked:
    """A call as it came in; the id is made first, so that a second try cannot be kept twice."""

    context: Context
    name: str
    arguments: Mapping[str, object]
    case_id: str | None
    evidence_id: UUID
    started: float


@dataclass(frozen=True)
class _Outcome:
    """What became of it, before it is kept."""

    status: Status
    output: Any = None
    error: str = ""
    searched: Mapping[str, object] | None = None
    model: str = ""
    solver: str = ""
    policy: str = ""
    cause: QuartermasterError | None = None


class ToolExecutor:
    """Calls tools of one registry through one database role (the agent's)."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self.registry = registry

    def call(
        self, context: Context, name: str, arguments: Mapping[str, object], *, case_id: str | None = None
    ) -> ToolResult[Any]:
        """Calls the tool and returns its kept result, whatever its status.

        Tenant and actor come from `context` alone. `arguments` are the tool's input as plain JSON values. Raises
        `NotRecorded` when the database cannot keep the call, and nothing else.
        """
        asked = _Asked(context, name, storable(arguments), case_id, uuid4(), time.monotonic())
        tool, prepared = self._prepare(asked, arguments)
        asked = _about(asked, tool, prepared)
        try:
            result = self._tried(asked, tool, prepared)
        except Exception as error:
            # Whatever was lost, the call is recorded as failed, or it is not answered at all.
            result = self._recorded_failure(asked, tool, error)
        return self._followed(asked, tool, result)

    def _prepare(self, asked: _Asked, arguments: Mapping[str, object]) -> tuple[AnyTool | None, ToolInput | _Outcome]:
        tool: AnyTool | None = None
        try:
            tool = self.registry.get(asked.name)
            permission.check(asked.context, tool.permission)
            return tool, validated(tool, arguments)
        except Forbidden as error:
            return tool, _Outcome("denied", error=str(error), cause=error)
        except QuartermasterError as error:
            return tool, _Outcome("error", error=str(error), cause=error)

    def _tried(self, asked: _Asked, tool: AnyTool | None, prepared: ToolInput | _Outcome) -> ToolResult[Any]:
        kind: Permission = tool.permission if tool else "read"
        deadline = Deadline.after(tool.seconds if tool else REFUSAL_SECONDS)
        for attempt in retrying(kind, deadline):
            # Analyses read many tables and must see one state of them.
            with attempt, self._database.transaction(asked.context.tenant, snapshot=kind == "analyse") as connection:
                is_again = attempt.retry_state.attempt_number > 1
                there = _kept_before(connection, asked, tool) if is_again else None
                return there or self._once(connection, asked, tool, prepared, deadline)
        raise Unavailable("The call was never tried.")

    def _once(
        self,
        connection: Connection[DictRow],
        asked: _Asked,
        tool: AnyTool | None,
        prepared: ToolInput | _Outcome,
        deadline: Deadline,
    ) -> ToolResult[Any]:
        connection.execute(SET_TIMEOUT, [RECORD_MILLISECONDS])
        asked, prepared = _checked_case(connection, asked, prepared)
        batch = network.newest_batch(connection)
        call = Call(asked.context, asked.case_id, tenant_clock(connection), batch, deadline, connection)
        if isinstance(prepared, _Outcome) or tool is None:
            outcome = prepared if isinstance(prepared, _Outcome) else _Outcome("error")
        else:
            outcome = _run(connection, call, tool, prepared)
        connection.execute(SET_TIMEOUT, [RECORD_MILLISECONDS])
        return _keep(connection, asked, tool, call, outcome)

    def _recorded_failure(self, asked: _Asked, tool: AnyTool | None, error: Exception) -> ToolResult[Any]:
        """Keeps a call whose own transaction was lost; raises `NotRecorded` when that fails too."""
        log.warning("tool %s failed", asked.name, exc_info=error)
        cause = Unavailable("The database did not keep the call; nothing was changed.", remedy="Try again in a moment.")
        lost = _Outcome("error", error=str(cause), cause=cause)
        try:
            with self._database.transaction(asked.context.tenant) as connection:
                there = _kept_before(connection, asked, tool)
                return there or self._once(connection, asked, None, lost, Deadline.after(REFUSAL_SECONDS))
        except Exception as second:
            raise NotRecorded(
                "The call could not be recorded, so it counts as not made.",
                remedy="Check the database with: quartermaster doctor.",
            ) from second

    def _followed(self, asked: _Asked, tool: AnyTool | None, result: ToolResult[Any]) -> ToolResult[Any]:
        if tool is None or tool.follow is None or result.status != "success":
            return result
        try:
            output = tool.follow(self._database, asked.context, result.output)
        except (psycopg.Error, QuartermasterError) as error:
            # The proposal is kept; only the waiting for its decision failed, and the output says pending.
            log.warning("waiting after %s failed: %s", asked.name, error)
            return result
        return replace(result, output=output, duration_ms=_milliseconds(asked))


def _about(asked: _Asked, tool: AnyTool | None, prepared: ToolInput | _Outcome) -> _Asked:
    """An analysis of a case is that case's evidence, whether the caller said so or the input does."""
    named: object = getattr(prepared, "case_id", None)
    if asked.case_id is None and tool is not None and tool.permission == "analyse" and isinstance(named, str):
        return replace(asked, case_id=named)
    return asked


def _kept_before(connection: Connection[DictRow], asked: _Asked, tool: AnyTool | None) -> ToolResult[Any] | None:
    """The call's result if an earlier try was committed although its answer was lost."""
    kept = evidence.find(connection, asked.evidence_id)
    if kept is None:
        return None
    output, searched = kept.result["output"], kept.result["searched"]
    return ToolResult(
        tool=kept.tool,
        status=kept.status,
        output=None if output is None or tool is None else tool.gives.model_validate(output),
        error=str(kept.result["error"]),
        searched=dict(searched) if isinstance(searched, dict) else {},
        evidence_id=kept.evidence_id,
        fingerprint=kept.fingerprint,
        as_of=kept.as_of,
        versions=Versions(**{name: str(value) for name, value in kept.versions.items()}),
        duration_ms=kept.duration_ms,
    )


def _checked_case(
    connection: Connection[DictRow], asked: _Asked, prepared: ToolInput | _Outcome
) -> tuple[_Asked, ToolInput | _Outcome]:
    if asked.case_id is None or (asked.case_id.isprintable() and cases.find(connection, asked.case_id) is not None):
        return asked, prepared
    missing = NotFound(f"There is no case {asked.case_id[:40]!a}.", remedy="List cases with list_exceptions.")
    outcome = prepared if isinstance(prepared, _Outcome) else _Outcome("error", error=str(missing), cause=missing)
    return replace(asked, case_id=None), outcome


def _run(connection: Connection[DictRow], call: Call, tool: AnyTool, given: ToolInput) -> _Outcome:
    """Runs the tool inside a savepoint: what it wrote is undone unless it succeeds, and the call can still be kept."""
    try:
        with connection.transaction():
            if tool.permission != "propose":
                # Ends with the savepoint; until then the database itself refuses to write.
                connection.execute(READ_ONLY)
            answer = tool.run(call, given)
            call.deadline.check()
        return _Outcome("success", answer.output, model=answer.model, solver=answer.solver, policy=answer.policy)
    except NoData as error:
        return _Outcome("no_data", error=str(error), searched=error.searched, cause=error)
    except Forbidden as error:
        return _Outcome("denied", error=str(error), cause=error)
    except psycopg.errors.QueryCanceled:
        late = TimeLimitReached(f"{tool.name} reached its limit of {tool.seconds:g} s.", remedy="Ask for less at once.")
        return _Outcome("error", error=str(late), cause=late)
    except QuartermasterError as error:
        return _Outcome("error", error=str(error), cause=error)
    except Exception as error:
        if is_repeatable(error) or connection.closed:
            raise
        # A defect in a tool must reach whoever asked as a plain failure, and the log as a trace.
        log.exception("tool %s failed", tool.name)
        return _Outcome("error", error=f"{tool.name} failed inside ({type(error).__name__}). It was logged.")


def _keep(
    connection: Connection[DictRow], asked: _Asked, tool: AnyTool | None, call: Call, outcome: _Outcome
) -> ToolResult[Any]:
    versions = _versions(call, outcome)
    result = {
        "output": None if outcome.output is None else outcome.output.model_dump(mode="json"),
        "error": outcome.error,
        "searched": to_json(dict(outcome.searched or {})),
    }
    name = ascii(asked.name)[1:-1][:100]
    arguments, as_of = asked.arguments, call.described
    bound = evidence.content_fingerprint(name, arguments, outcome.status, result, as_of, vars(versions))
    row = Evidence(
        evidence_id=asked.evidence_id,
        case_id=asked.case_id,
        tool=name,
        arguments=arguments,
        status=outcome.status,
        result=result,
        as_of=as_of,
        versions=vars(versions),
        fingerprint=bound,
        actor=f"{asked.context.actor.kind}:{asked.context.actor.id}",
        trace_id=asked.context.trace_id,
        duration_ms=_milliseconds(asked),
    )
    if evidence.insert_once(connection, asked.context.tenant, row):
        _audit(connection, asked.context, row, tool)
    searched = dict(outcome.searched or {})
    return ToolResult(
        name,
        row.status,
        outcome.output,
        outcome.error,
        searched,
        row.evidence_id,
        bound,
        as_of,
        versions,
        row.duration_ms,
        outcome.cause,
    )


def _audit(connection: Connection[DictRow], context: Context, row: Evidence, tool: AnyTool | None) -> None:
    data = {
        "tool": row.tool,
        "permission": tool.permission if tool else None,
        "status": row.status,
        "case_id": row.case_id,
        "fingerprint": row.fingerprint,
        "versions": row.versions,
        "duration_ms": row.duration_ms,
    }
    append(connection, context, Action.TOOL_CALLED, subject=f"evidence:{row.evidence_id}", data=data)


def _versions(call: Call, outcome: _Outcome) -> Versions:
    batch, content = (str(call.batch.batch_id), call.batch.content_hash) if call.batch else ("", "")
    return Versions(batch, content, outcome.model, outcome.solver, outcome.policy)


def _milliseconds(asked: _Asked) -> float:
    return round((time.monotonic() - asked.started) * 1000.0, 3)
