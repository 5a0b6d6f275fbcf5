"""What holds for every test: no setting of the machine, no network but loopback, no live model; loads `fix_*.py`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.guard import forbid_network  # noqa: E402 - needs the path above

pytest_plugins = [f"tests.{file.stem}" for file in sorted(Path(__file__).parent.glob("fix_*.py"))]

# A developer's keys and addresses must not reach a test: neither to be used up nor to decide its outcome.
FOREIGN_SETTINGS = (
    "QUARTERMASTER_",
    "OPENAI_",
    "ANTHROPIC_",
    "LANGCHAIN_",
    "LANGSMITH_",
    "PGHOST",
    "PGSERVICE",
    "PGOPTIONS",
)
for _name in [name for name in os.environ if name.startswith(FOREIGN_SETTINGS)]:
    del os.environ[_name]

forbid_network()
