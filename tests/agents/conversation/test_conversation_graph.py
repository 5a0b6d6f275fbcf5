"""The graph's shape, and that the tables of its memory are the library's own."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
from langgraph.checkpoint.postgres.base import BasePostgresSaver
from psycopg import sql
from syrupy.assertion import SnapshotAssertion

from agents.conversation.graph import conversation_graph
from agents.conversation.model.grounding import Given, judge, sentences
from agents.conversation.model.wishes import PROPOSING
from agents.conversation.port import ToolFinished
from agents.conversation.state import CallRecord
from db.embedded import Embedded
from db.session import Database
from domain.canonical import to_json
from tests.fix_conversation import Talk
from tools.catalogue import registry

TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
 WHERE table_schema = %s AND table_name = ANY (%s) AND column_name <> 'tenant' ORDER BY 1, 2"""
KEYS = """
SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relname = ANY (%s) AND k.contype = 'p' ORDER BY 1"""


def test_the_drawing_is_as_it_was_agreed(snapshot: SnapshotAssertion) -> None:
    assert conversation_graph().get_graph().draw_mermaid() == snapshot


def test_every_tool_may_be_asked_for_and_none_can_write() -> None:
    assert {tool.permission for tool in registry()} <= set(PROPOSING)


def test_the_savers_tables_are_those_of_the_installed_library(cluster: Embedded, database_name: str) -> None:
    with psycopg.connect(cluster.admin_conninfo(database_name), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA library")
        connection.execute("SET search_path TO library")
        for statement in BasePostgresSaver.MIGRATIONS:
            plain = re.sub("CONCURRENTLY", "", statement)
            if "checkpoint_migrations" not in plain:
                connection.execute(sql.SQL(plain))  # type: ignore[arg-type]
        for query in (COLUMNS, KEYS):
            theirs = connection.execute(query, ["library", list(TABLES)]).fetchall()
            ours = connection.execute(query, ["quartermaster", list(TABLES)]).fetchall()
            assert ours == theirs
            assert theirs


def test_what_is_remembered_is_plain_json(talk: Talk, agent_database: Database) -> None:
    talk.ask("stock of OAT-1L at LEJ")
    talk.ask("stock of oat drink at LEJ")
    with agent_database.transaction(talk.tenant) as connection:
        rows = connection.execute("SELECT channel, blob FROM checkpoint_blobs WHERE blob IS NOT NULL").fetchall()
    assert {row["channel"] for row in rows} >= {"history", "focus"}
    for row in rows:
        assert b"agents.conversation" not in bytes(row["blob"]), row["channel"]


def test_every_number_of_an_embedded_answer_can_be_traced(talk: Talk, late_case: str) -> None:
    """The same judge that watches a model finds nothing to withhold in our own words."""
    questions: tuple[str, ...] = (
        "what is at risk?", f"why {late_case}", "stock of OAT-1L at LEJ", "what is on order for OAT-1L",
        "forecast OAT-1L at LEJ",
        "will OAT-1L run out in Leipzig?", "what should we buy of OAT-1L", "what should we move to LEJ",
        f"compare the options for {late_case}", "propose it", f"show {late_case}",
    )  # fmt: skip
    kept: list[CallRecord] = []
    for question in questions:
        reply = talk.ask(question)
        kept += [_record(part) for part in talk.parts if isinstance(part, ToolFinished)]
        given = Given.of(kept, [*questions, "2026-03-02"])
        for sentence in sentences(reply.answer.split("\n\n*Data of")[0].replace("**", "")):
            verdict = judge(sentence, given)
            assert verdict.allowed or "deed" in verdict.reason or "proposal" in verdict.reason, (
                sentence,
                verdict.reason,
            )


def _record(part: ToolFinished) -> CallRecord:
    output = None if part.output is None else to_json(part.output.model_dump(mode="json"))
    return CallRecord(
        id="", name=part.name, arguments={}, case_id="", status=part.status, evidence_id=str(part.evidence_id),
        as_of="", output=output, error="",
    )  # fmt: skip


def test_the_database_refuses_another_tenants_memory(
    talk: Talk, database_factory: Callable[..., Database], second_tenant: str
) -> None:
    talk.ask("what is at risk?")
    with database_factory("agent").transaction(second_tenant) as connection:
        for table in (*TABLES, "thread"):
            assert connection.execute(f"SELECT 1 FROM {table}".encode()).fetchall() == []
