"""The lines that docs/api.md prints, run as they stand there against a real server; and the commands that it names."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.api.app import create_app
from app.signin.people import set_password
from db.session import Database
from tests.api.conftest import PASSWORD, Api
from tests.api.running import running
from tests.api.test_routes import hand_to_procurement
from tests.strict import skip_or_fail
from tools import proposals

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
LINES = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def curl(line: str, variables: dict[str, str], folder: Path) -> Any:
    """What the line prints, as JSON; None when it prints nothing."""
    environment = {"PATH": os.environ["PATH"], **variables}
    ran = subprocess.run(
        ["bash", "-eu", "-c", line], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
    return json.loads(ran.stdout) if ran.stdout else None


def test_the_lines_of_the_page_work(
    api: Api, database: Callable[..., Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("curl") is None:
        skip_or_fail("The program curl is missing (package curl).")
    monkeypatch.setattr(proposals, "WAITING", proposals.Waiting(seconds=0.0))
    set_password(api.parts.operator, api.context, "petra", PASSWORD)
    said: list[Any] = []
    with running(create_app(open_with=lambda _: api.parts)) as address:
        variables = {"QM": address, "KEY": api.key()["Authorization"].split()[1], "PASSWORD": PASSWORD}
        for line in LINES:
            said.append(curl(line, variables, tmp_path))
            learn(variables, said[-1])
            if "proposals/purchase" in line:
                hand_to_procurement(api, database, said[-1])
    states = [answer["state"] for answer in said if answer and "state" in answer]
    assert states == ["waiting", "approved"]
    assert said[1]["cases"][0]["case_id"] == variables["CASE"]
    assert said[-1] is None


def learn(variables: dict[str, str], answer: Any) -> None:
    """What the reader copies from one answer into the next line."""
    match answer:
        case {"cases": [{"case_id": case}], "is_new": True}:
            variables["CASE"] = case
        case {"tool": "compare_options", "evidence_id": evidence}:
            variables["EVIDENCE"] = evidence
        case {"proposal_id": proposal, "fingerprint": fingerprint}:
            variables |= {"PROPOSAL": str(UUID(proposal)), "FINGERPRINT": fingerprint}
        case _:
            pass
