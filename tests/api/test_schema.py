"""Schemathesis against our own description: no server error, no unauthorised success, answers as they are described.

`PYTEST_API_EXAMPLES=200` makes the longer run; every route gets so many requests that fit the description, as many that
do not, by a program's key and by a person.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.api.app import create_app
from app.api.identity import OPEN
from tests.api.conftest import Api
from tests.api.running import running
from tests.api.test_routes import EVENT

EXAMPLES = int(os.environ.get("PYTEST_API_EXAMPLES", "5"))
# How many decimals a quantity may have is not part of its schema.
MORE_THAN_A_SCHEMA = {f"POST /v1/cases/{{case_id}}/proposals/{kind}" for kind in ("purchase", "transfer")}
ONCE = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.generate],
)  # fmt: skip


@pytest.fixture
def served(api: Api) -> Iterator[Any]:
    """The description as it is served, with one case in the network."""
    api.client.post("/v1/exceptions", json=EVENT, headers=api.key("events:write"))
    with running(create_app(open_with=lambda _: api.parts)) as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        yield found.ok()


def is_refused_by_a_rule(answer: Any) -> bool:
    """What no field's schema can say: a rule between fields, a code that this network does not have, a cursor."""
    if answer.status_code != 422:
        return False
    faults = answer.json().get("errors", [])
    return all(fault["pointer"] == "" for fault in faults)


def probe(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> tuple[Counter[int], list[str]]:
    """The statuses that came, and what did not fit."""
    statuses: Counter[int] = Counter()
    faults: list[str] = []

    @ONCE
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        answer = case.call(headers=headers)
        statuses[answer.status_code] += 1
        by_rule = operation.label in MORE_THAN_A_SCHEMA or is_refused_by_a_rule(answer)
        excluded = [positive_data_acceptance] if by_rule else []
        try:
            case.validate_response(answer, headers=headers, excluded_checks=excluded)
        except FailureGroup as group:
            faults.extend(f"{operation.label}: {failure} {case.body!r} → {answer.text}" for failure in group.exceptions)

    # A route that takes nothing cannot be given something wrong.
    with suppress(Unsatisfiable):
        run()
    return statuses, faults


@pytest.mark.slow
def test_nothing_breaks_and_everything_answers_as_described(served: Any, api: Api) -> None:
    callers = (api.key(), api.cookie("sven"))
    seen: Counter[int] = Counter()
    for operation in operations(served):
        for headers, mode in zip(callers, (GenerationMode.POSITIVE, GenerationMode.NEGATIVE), strict=True):
            statuses, faults = probe(operation, mode, headers)
            assert faults == [], faults[0]
            assert not [status for status in statuses if status >= 500], (operation.label, statuses)
            seen += statuses
    assert {200, 202, 400, 403, 404, 422} <= set(seen), "the requests reach behind the door"


def test_nobody_gets_anything_without_the_right_to_it(served: Any, api: Api) -> None:
    api.run("UPDATE api_key SET revoked_at = now()")
    nobody: tuple[dict[str, str], ...] = ({}, {"Authorization": f"Bearer qm_acme-aaaaaaaa_{'A' * 43}"})
    for operation in operations(served):
        if operation.path in OPEN:
            continue
        for headers in nobody:
            answer = operation.Case(path_parameters={"case_id": "C-00001", "proposal_id": "0" * 32}).call(
                headers=headers
            )
            assert answer.status_code == 401, operation.label
