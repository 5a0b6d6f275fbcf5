from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from tools.catalogue import registry
from tools.errors import UnknownTool
from tools.registry import Registry

# The published contract: evals, prompts, the console and the audit store use these names.
NAMES = (
    "resolve_identity",
    "get_inventory_position",
    "get_open_orders",
    "list_exceptions",
    "get_case",
    "search_sops",
    "explain_decision",
    "get_model_status",
    "forecast_demand",
    "explain_forecast",
    "assess_stock_risk",
    "segment_items",
    "recommend_replenishment",
    "plan_purchases",
    "optimise_transfers",
    "compare_options",
    "propose_transfer",
    "propose_purchase",
)
PROPOSE = {"propose_transfer", "propose_purchase"}
READ = {
    "resolve_identity",
    "get_inventory_position",
    "get_open_orders",
    "list_exceptions",
    "get_case",
    "search_sops",
    "explain_decision",
    "get_model_status",
}


def test_the_names_are_the_contract() -> None:
    assert registry().names == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_explains_itself_and_its_examples_are_valid(name: str) -> None:
    tool = registry().get(name)
    assert len(tool.description) > 40
    assert tool.takes.__doc__
    assert tool.gives.__doc__
    assert tool.examples
    for example in tool.examples:
        tool.takes.model_validate(example)
    assert 0 < tool.seconds <= 60


def test_permissions_follow_the_names() -> None:
    classes = {tool.name: tool.permission for tool in registry()}
    assert {name for name, permission in classes.items() if permission == "propose"} == PROPOSE
    assert {name for name, permission in classes.items() if permission == "read"} == READ


def test_no_tool_takes_a_tenant_or_an_actor() -> None:
    for tool in registry():
        assert not {"tenant", "actor", "role", "roles"} & set(tool.takes.model_fields)
        assert tool.takes.model_config["extra"] == "forbid"


def test_the_view_for_models_is_valid_json_schema() -> None:
    schemas = registry().schemas("read", "analyse")
    assert len(schemas) == len(NAMES) - len(PROPOSE)
    for schema in schemas:
        Draft202012Validator.check_schema(schema["parameters"])  # type: ignore[arg-type]
        assert schema["parameters"]["additionalProperties"] is False  # type: ignore[index,call-overload]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownTool, match="compare_options"):
        registry().get("compare_option")


def test_two_tools_of_one_name_are_refused() -> None:
    tool = registry().get("get_case")
    with pytest.raises(ValueError, match="Two tools"):
        Registry((tool, tool))
