"""`quartermaster ask`: the published JSON, a thread that goes on, and errors that say what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from agents.model_settings import ModelSettings, ModelSettingsInvalid, load_model_settings
from app.cli.main import cli
from db.session import Database
from domain.errors import NotFound

CONTRACT = {"answer", "tool_calls", "asked_back", "refused", "evidence", "proposals", "seconds"}


@pytest.fixture
def ask(
    people: str, open_cases: list[str], database_factory: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """`ask("…", "--json")` → what is printed; errors are raised, as `main` would print them."""
    monkeypatch.setattr("app.wiring.agent_database", lambda: database_factory("agent"))

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(cli, ["ask", *arguments, "--tenant", people], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    return run


def test_the_published_shape_on_a_thread_that_goes_on(ask: Callable[..., Any]) -> None:
    first = ask("stock of OAT-1L at LEJ", "--thread", "mine", "--json")
    assert set(first) == CONTRACT
    assert first["tool_calls"][-1] == {"name": "get_inventory_position", "arguments": {"sku": "OAT-1L", "site": "LEJ"}}
    assert (first["asked_back"], first["refused"], first["proposals"]) == (False, False, [])
    assert ask("and in Erfurt?", "--thread", "mine", "--json")["tool_calls"][-1]["arguments"]["site"] == "ERF"
    with pytest.raises(NotFound):
        ask("why?", "--thread", "mine", "--as", "sven")


def test_for_people_it_prints_the_answer(ask: Callable[..., Any]) -> None:
    printed = ask("stock of OAT-1L at LEJ")
    assert "34 EA on hand" in printed
    assert "**" not in printed


def test_a_refusal_is_marked(ask: Callable[..., Any]) -> None:
    answer = ask("approve C-00001", "--json")
    assert answer["refused"] is True
    assert "person" in answer["answer"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"URL": "ftp://x"}, "QUARTERMASTER_MODEL_URL is not an address"),
        ({"URL": "https://user:pass@host/v1"}, "the key has a setting of its own"),
        ({"URL": "https://host/v1"}, "QUARTERMASTER_MODEL_NAME is missing"),
        ({"URL": "https://host/v1", "NAME": "m", "SECONDS": "soon"}, "QUARTERMASTER_MODEL_SECONDS"),
    ],
)
def test_a_wrong_setting_is_named_and_never_shown(
    settings: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"QUARTERMASTER_MODEL_{name}", value)
    with pytest.raises(ModelSettingsInvalid) as raised:
        load_model_settings()
    assert says in str(raised.value)
    assert "pass@" not in str(raised.value)


def test_without_settings_there_is_no_model() -> None:
    assert load_model_settings() == ModelSettings()
    assert load_model_settings().url is None
