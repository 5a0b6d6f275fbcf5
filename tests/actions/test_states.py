"""The two tables of states, and that nothing moves past them."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import get_args

import pytest

from actions.errors import NotInThisState
from actions.states import PROPOSAL, WRITE, ProposalState, WriteState, advance, move_write
from audit.events import Action
from tests.actions.conftest import World

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("actions", "policies", "db", "cases", "tools", "agents", "connectors", "app")


def test_the_tables_name_every_state_and_only_states() -> None:
    for table, states in ((PROPOSAL, get_args(ProposalState)), (WRITE, get_args(WriteState))):
        assert set(table) == set(states)
        assert {state for following in table.values() for state in following} <= set(states)


def test_the_database_knows_the_same_states() -> None:
    text = (ROOT / "db/migrations/sql/0004_actions.sql").read_text(encoding="utf-8")
    for table, states in (("proposal_state", PROPOSAL), ("outbox", WRITE)):
        body = text.split(f"CREATE TABLE {table} ")[1]
        listed = re.search(r"state IN\s+\((.*?)\)\)", body, re.DOTALL)
        assert listed is not None
        assert set(re.findall(r"'(\w+)'", listed[1])) == set(states)


def test_every_state_is_reached_and_every_road_ends() -> None:
    for table in (PROPOSAL, WRITE):
        reached, new = {"pending"}, {"pending"}
        while new:
            new = {after for state in new for after in table[state]} - reached
            reached |= new
        assert reached == set(table)
        assert all(_ends(table, state) for state in table)


def _ends(table: object, state: str) -> bool:
    assert isinstance(table, dict)
    seen, new = {state}, {state}
    while new:
        if any(not table[one] for one in new):
            return True
        new = {after for one in new for after in table[one]} - seen
        seen |= new
    return False


def test_what_the_table_forbids_is_refused(world: World) -> None:
    proposal = world.propose()
    for before, after in itertools.product(PROPOSAL, get_args(ProposalState)):
        world.run("UPDATE proposal_state SET state = %s", before)
        allowed = after in PROPOSAL[before]
        try:
            with world.executor.transaction(world.tenant) as connection:
                advance(connection, world.deciding, proposal.proposal_id, after, action=Action.GATE_DECIDED, data={})
        except NotInThisState:
            assert not allowed
        else:
            assert allowed
        assert world.state(proposal) == (after if allowed else before)


def test_a_write_moves_by_its_table(world: World) -> None:
    row = world.outbox(world.proposed())
    assert row is not None
    with pytest.raises(NotInThisState), world.executor.transaction(world.tenant) as connection:
        move_write(connection, row, "confirmed")


def _calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        f"{node.value.id}.{node.attr}"
        for node in called
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def test_nobody_moves_a_state_but_the_table() -> None:
    """In the source: the two functions that write states are called by `actions.states` alone, the SQL stands once."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    movers = {path.relative_to(ROOT).as_posix() for path in files if _calls(path) & {"rows.set_state", "outbox.move"}}
    assert movers == {"actions/states.py"}
    writers = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if re.search(r"UPDATE\s+(proposal_state|outbox)\b", path.read_text(encoding="utf-8"))
    }
    assert writers == {"db/actions.py", "db/outbox.py"}
