"""Automatic, needs approval, or denied: Cedar behind a wrapper that fails closed.

Two requests a write, `x.execute` and `x.propose`. Automatic: execute is permitted. Approval: execute is blocked by
rules that all name an approver, and propose is permitted. Denied is everything else, with any evaluation error,
because Cedar skips a forbid that errs. Schema and entities are always passed, because without them Cedar's action
groups and forbids silently do not match. The gate reads facts only; it touches no database, clock or network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cedarpy
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from domain.canonical import to_json
from domain.errors import QuartermasterError
from policies import entities
from policies.entities import Record
from policies.facts import ApprovalInput, GateInput
from policies.loading import ENGINE, SCHEMA, LoadedPolicies, PolicyUnusable, load, policy_folder

Outcome = Literal["automatic", "approval", "denied"]


class Frozen(BaseModel):
    """A value of the gate: immutable, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reason(Frozen):
    """A rule that determined the outcome; `approver` is '' where no approval lifts it."""

    policy: str
    reason: str
    approver: str = ""


class GateDecision(Frozen):
    """The outcome with everything needed to explain it and to make it again (`Gate.decide(decision.input)`)."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    approver_roles: tuple[str, ...]
    policy_hash: str
    engine: str
    input: dict[str, JsonValue]


class ApprovalAnswer(Frozen):
    """Whether this person may approve, and by which rules."""

    allowed: bool
    reasons: tuple[Reason, ...]
    policy_hash: str


@dataclass(frozen=True)
class _Answer:
    allowed: bool
    errors: tuple[str, ...]
    reasons: tuple[Reason, ...]


class Gate:
    """Holds one loaded policy set. A set that cannot be used makes a gate that denies everything and says why."""

    def __init__(self, folder: Path | None = None, *, schema: Path = SCHEMA) -> None:
        self.folder = folder or policy_folder()
        self._loaded: LoadedPolicies | None = None
        self._problem: PolicyUnusable | None = None
        try:
            self._loaded = load(self.folder, schema)
        except PolicyUnusable as problem:
            self._problem = problem

    @property
    def policy_hash(self) -> str:
        """SHA-256 over schema and policy files; '' when there is no usable set."""
        return self._loaded.hash if self._loaded else ""

    def ready(self) -> None:
        """Raises `PolicyUnusable` with the remedy when this gate denies everything."""
        if self._problem:
            raise self._problem

    def decide(self, facts: GateInput | Mapping[str, object]) -> GateDecision:
        """Decide; never raises. Facts that are no valid `GateInput` are denied with what is wrong with them."""
        if not isinstance(facts, GateInput):
            try:
                facts = GateInput.model_validate(facts)
            except ValidationError as error:
                return self._denied(_plain(facts), _Failure("input-invalid", _faults(error)))
        plain = facts.model_dump(mode="json")
        try:
            return self._judge(facts, plain)
        except _Failure as failure:
            return self._denied(plain, failure)
        except Exception as error:  # the one place where everything unforeseen has to become a denial
            return self._denied(plain, _Failure("gate-error", f"The gate failed ({type(error).__name__})."))

    def deny(self, facts: Mapping[str, object], policy: str, reason: str) -> GateDecision:
        """A denial for a cause that lies outside the policies, in the form of any other decision."""
        return self._denied(_plain(facts), _Failure(policy, reason))

    def may_approve(self, facts: ApprovalInput) -> ApprovalAnswer:
        """The third request: may this actor approve in this role. Never raises; any error is a refusal."""
        try:
            request = _request(
                ("Person" if facts.actor_kind == "person" else "Agent", facts.actor),
                f"{facts.kind}.approve",
                ("Proposal", facts.proposal_id),
                entities.click(facts),
            )
            (answer,) = self._ask([request], entities.click_entities(facts))
            _sound(answer)
        except _Failure as failure:
            return ApprovalAnswer(allowed=False, reasons=(failure.reason,), policy_hash=self.policy_hash)
        except Exception as error:
            reason = Reason(policy="gate-error", reason=f"The gate failed ({type(error).__name__}).")
            return ApprovalAnswer(allowed=False, reasons=(reason,), policy_hash=self.policy_hash)
        return ApprovalAnswer(
            allowed=answer.allowed, reasons=answer.reasons or (_BY_DEFAULT,), policy_hash=self.policy_hash
        )

    def _judge(self, facts: GateInput, plain: dict[str, JsonValue]) -> GateDecision:
        if self._loaded and (unknown := entities.missing(facts)):
            raise _Failure("entity-missing", f"Master data do not hold the {' or the '.join(unknown)}.")
        agent, order = ("Agent", facts.proposed_by), (facts.order.kind.capitalize(), facts.proposal_id)
        context = entities.world(facts)
        requests = [_request(agent, f"{facts.order.kind}.{mode}", order, context) for mode in ("execute", "propose")]
        execute, propose = self._ask(requests, entities.entities_of(facts))
        _sound(execute)
        _sound(propose)
        return self._combine(execute, propose, plain)

    def _combine(self, execute: _Answer, propose: _Answer, plain: dict[str, JsonValue]) -> GateDecision:
        if not propose.allowed:
            return self._decision("denied", propose.reasons or (_BY_DEFAULT,), plain)
        if execute.allowed:
            return self._decision("automatic", execute.reasons, plain)
        hard = tuple(reason for reason in execute.reasons if not reason.approver)
        if hard or not execute.reasons:
            return self._decision("denied", hard or (_BY_DEFAULT,), plain)
        return self._decision("approval", execute.reasons, plain)

    def _ask(self, requests: Sequence[Record], given: list[Record]) -> list[_Answer]:
        if self._loaded is None:
            raise _Failure("policies-unusable", str(self._problem))
        _complete(requests, given)
        held = cedarpy.Entities.from_json_str(json.dumps(given), schema=self._loaded.schema)
        results = cedarpy.is_authorized_batch(list(requests), self._loaded.policies, held, schema=self._loaded.schema)
        return [self._answer(result) for result in results]

    def _answer(self, result: cedarpy.AuthzResult) -> _Answer:
        assert self._loaded is not None
        rules = [self._loaded.rules[name] for name in result.diagnostics.reasons]
        reasons = tuple(Reason(policy=rule.id, reason=rule.reason, approver=rule.approver) for rule in rules)
        errors = tuple(str(error) for error in result.diagnostics.errors)
        return _Answer(result.allowed, errors, tuple(sorted(reasons, key=lambda reason: reason.policy)))

    def _denied(self, plain: dict[str, JsonValue], failure: _Failure) -> GateDecision:
        return self._decision("denied", (failure.reason,), plain)

    def _decision(self, outcome: Outcome, reasons: tuple[Reason, ...], plain: dict[str, JsonValue]) -> GateDecision:
        roles = tuple(sorted({reason.approver for reason in reasons})) if outcome == "approval" else ()
        return GateDecision(
            outcome=outcome,
            reasons=reasons,
            approver_roles=roles,
            policy_hash=self.policy_hash,
            engine=ENGINE,
            input=plain,
        )


class _Failure(QuartermasterError):
    """Something that makes the gate deny without a rule."""

    def __init__(self, policy: str, reason: str) -> None:
        super().__init__(reason)
        self.reason = Reason(policy=policy, reason=reason)


_BY_DEFAULT = Reason(policy="no-rule-permits", reason="No rule permits it.")


def _request(principal: tuple[str, str], action: str, resource: tuple[str, str], context: Record) -> Record:
    return {
        "principal": entities.uid(*principal),
        "action": entities.uid("Action", action),
        "resource": entities.uid(*resource),
        "context": context,
    }


def _sound(answer: _Answer) -> None:
    if answer.errors:
        raise _Failure("evaluation-error", f"A rule could not be evaluated: {answer.errors[0]}.")


def _complete(requests: Sequence[Record], given: list[Record]) -> None:
    """Every entity that is referred to is there; Cedar would skip the rules that look at a missing one."""
    present = {_name(item["uid"]) for item in given}
    wanted = {_name(request[part]) for request in requests for part in ("principal", "resource")}
    wanted |= {_name(value["__entity"]) for item in given for value in _values(item["attrs"]) if "__entity" in value}
    if wanted - present:
        kinds = ", ".join(sorted({kind for kind, _ in wanted - present}))
        raise _Failure("entity-missing", f"Master data do not hold what the order refers to ({kinds}).")


def _name(uid: object) -> tuple[str, str]:
    assert isinstance(uid, dict)
    return str(uid["type"]), str(uid["id"])


def _values(attributes: object) -> list[Record]:
    assert isinstance(attributes, dict)
    return [value for value in attributes.values() if isinstance(value, dict)]


def _faults(error: ValidationError) -> str:
    first = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:3]]
    return f"The facts cannot be judged: {'; '.join(first)}."


def _plain(facts: Mapping[str, object]) -> dict[str, JsonValue]:
    """JSON for the decision's row. What has no canonical form is kept as its text: it was refused, not used."""
    return {str(key): _as_json(value) for key, value in facts.items()}


def _as_json(value: object) -> JsonValue:
    try:
        return to_json(value)
    except QuartermasterError:
        return repr(value)
