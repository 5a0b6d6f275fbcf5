"""The contracts against their page, the database's tables and each other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.files.contracts import CONTRACTS, TABLES, TableName
from connectors.files.docs import PAGE, page
from connectors.files.vectors import refusal
from db.network_import import SHAPES
from db.session import Database

WRITTEN_BY_US = {"tenant", "batch_id", "source_row", "provenance"}
AS_OF = datetime(2026, 3, 31, 6, tzinfo=UTC)


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m connectors.files.docs"


@pytest.mark.parametrize("table", TABLES)
def test_the_examples_of_a_contract_make_a_row(table: TableName) -> None:
    model = CONTRACTS[table]
    example = {name: info.examples[0] for name, info in model.model_fields.items() if info.examples}
    assert set(example) == set(model.model_fields)
    assert refusal(example, model, AS_OF) is None


@pytest.mark.parametrize("table", TABLES)
def test_contract_and_shape_have_the_same_columns(table: TableName) -> None:
    shape, model = SHAPES[table], CONTRACTS[table]
    assert set(shape.columns) == set(model.model_fields) - ({"unit"} if model.converted else set())
    assert (shape.key, shape.converted, shape.replaced is not None) == (model.key, model.converted, model.snapshot)


def test_the_shapes_are_those_of_the_tables(operator_database: Database) -> None:
    with operator_database.transaction("acme") as connection:
        found = connection.execute(
            "SELECT table_name, array_agg(column_name::text) AS columns FROM information_schema.columns "
            "WHERE table_schema = 'quartermaster' GROUP BY 1"
        )
        columns: dict[str, set[str]] = {row["table_name"]: set(row["columns"]) for row in found}
    for shape in SHAPES.values():
        assert columns[shape.table] - WRITTEN_BY_US == set(shape.columns)
        assert ("provenance" in columns[shape.table]) == shape.provenance
