"""What a running executor has loaded: asked of the process itself after it has decided, appraised and tried to write.

The import contracts see what our own files name; this sees what came with it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from db.session import Database
from tests.fix_network import Network
from tests.fix_tools import Asker

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import json, sys
from app.worker import executor
executor.run(drain=True)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
NEVER = {
    "langgraph", "langchain_core", "langsmith", "openai", "mlforecast", "lightgbm", "sklearn", "pandas", "polars",
    "ortools", "chainlit", "plotly", "fastapi", "uvicorn", "tokenizers", "argon2", "agents", "tools", "retrieval",
    "alembic", "sqlalchemy",
}  # fmt: skip
# Working out what an order is worth needs these two; the others httpx and tenacity take along where they are installed.
MATHEMATICS = {"numpy", "scipy"}
HAPPEN_TO_BE_THERE = {"click", "zstandard", "charset-normalizer", "brotli", "socksio", "h2", "tornado"}


def test_a_running_executor_has_loaded_what_it_needs_and_no_more(
    asker: Asker,
    late_case: str,
    network: Network,
    executor_database: Database,
    owner_database: Database,
    tmp_path: Path,
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE item_site SET safety_stock = 10 WHERE sku = 'OAT-1L' AND site = 'ERF'")
    compared = asker.ask("compare_options", case_id=late_case)
    asker.answer("propose_transfer", case=late_case, evidence_id=str(compared.evidence_id))
    loaded = _loaded(executor_database.conninfo, tmp_path)
    with executor_database.transaction(network.tenant) as connection:
        write = connection.execute("SELECT state, attempts, last_error FROM outbox").fetchone()
    # Decided by worked-out figures, enqueued, asked again, sent to an ERP that is not there.
    assert write is not None
    assert (write["state"], write["attempts"]) == ("pending", 1), write
    assert loaded & NEVER == set()
    assert loaded >= MATHEMATICS
    assert _distributions(loaded) - _locked() - MATHEMATICS - HAPPEN_TO_BE_THERE == set()


def _loaded(conninfo: str, home: Path) -> set[str]:
    part = conninfo_to_dict(conninfo)
    url = f"postgresql://{part['user']}:{part['password']}@:{part['port']}/{part['dbname']}?host={part['host']}"
    environment = {**os.environ, "QUARTERMASTER_DATABASE_URL_EXECUTOR": url, "QUARTERMASTER_HOME": str(home)}
    ran = subprocess.run(
        [sys.executable, "-c", RUN], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout))


def _distributions(modules: set[str]) -> set[str]:
    """Packages that the modules come from; ours and the standard library have none here."""
    known = packages_distributions()
    found = {name.lower().replace("_", "-") for module in modules for name in known.get(module, [])}
    return found - {"quartermaster", "pip", "setuptools"}


def _locked() -> set[str]:
    text = (ROOT / "requirements/executor.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
