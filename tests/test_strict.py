"""The switch of CI: with it a missing part fails, without it the test skips and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.strict import STRICT, skip_or_fail

ROOT = Path(__file__).resolve().parent.parent


def test_a_missing_part_skips_on_a_users_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STRICT, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such part"):
        skip_or_fail("There is no such part.")


def test_a_missing_part_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STRICT, "1")
    with pytest.raises(pytest.fail.Exception, match="no such part"):
        skip_or_fail("There is no such part.")


def test_ci_sets_the_switch_and_no_test_skips_past_it() -> None:
    assert f"export {STRICT}=1" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    # Written in two parts so that this file does not find itself.
    past = ("pytest." + "skip(", "import" + "orskip(")
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name == "strict.py" or not any(way in text for way in past), path
