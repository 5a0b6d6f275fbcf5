"""Which code made a version: the program's version with a digest of what forecasts."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import planning
from app.wiring import program_version

PARTS = ("forecasting/**/*.py", "*.py")


def code() -> str:
    """The installed version says too little where the code is worked on: the digest is over what forecasts."""
    root = Path(planning.__file__).parent
    digest = sha256()
    for file in sorted({path for part in PARTS for path in root.glob(part)}):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return f"quartermaster {program_version()}, forecasting {digest.hexdigest()[:12]}"
