"""Settings: a slip is named together with its cure, a password never."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.errors import SettingsInvalid
from db.session import administrator_url, open_database
from db.settings import load_settings

URL = "postgresql://somebody:hidden@example.org/quartermaster"


def test_without_settings_the_program_runs_its_own_database() -> None:
    settings = load_settings({})
    assert settings.embedded
    assert settings.home == Path("var").absolute()


def test_any_url_means_that_it_does_not() -> None:
    assert not load_settings({"QUARTERMASTER_DATABASE_URL_AGENT": URL}).embedded


def test_a_bare_name_of_other_programs_is_not_read() -> None:
    assert load_settings({"DATABASE_URL": URL}).embedded


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("mysql://somebody:hidden@example.org/db", "not a PostgreSQL URL"),
        ("postgresql://somebody:hidden@example.org", "names no database"),
        ("postgresql://somebody:hidden@example.org/db?hidden=1", "not a well-formed URL"),
    ],
)
def test_a_malformed_url_is_explained_without_its_password(value: str, message: str) -> None:
    with pytest.raises(SettingsInvalid, match=message) as caught:
        load_settings({"QUARTERMASTER_DATABASE_URL": value})
    assert "QUARTERMASTER_DATABASE_URL" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_mistyped_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(SettingsInvalid, match="Did you mean QUARTERMASTER_DATABASE_URL_AGENT"):
        load_settings({"QUARTERMASTER_DATABASE_URL_AGNET": URL})


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUARTERMASTER_HOME", str(tmp_path))
    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL_SEALER", URL)
    settings = load_settings()
    assert settings.home == tmp_path
    assert settings.role_url("sealer") == URL
    assert "hidden" not in repr(settings)


def test_a_process_is_never_given_another_roles_connection() -> None:
    settings = load_settings({"QUARTERMASTER_DATABASE_URL_AGENT": URL})
    with pytest.raises(SettingsInvalid, match="QUARTERMASTER_DATABASE_URL_EXECUTOR"):
        open_database("executor", settings)
    with pytest.raises(SettingsInvalid, match="owner's URL"):
        administrator_url(settings)
