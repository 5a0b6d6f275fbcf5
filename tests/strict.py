"""A missing part skips a test on a user's machine, with its name; in CI, where all parts must be, it fails."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

# Not QUARTERMASTER_…: tests/conftest.py takes those away before anybody could read one.
STRICT = "PYTEST_QUARTERMASTER_STRICT"


def skip_or_fail(reason: str, *, module: bool = False) -> NoReturn:
    """Skip the test (or with `module` the module that is being collected), or fail it where `STRICT` is set."""
    if os.environ.get(STRICT):
        pytest.fail(f"{reason} ({STRICT} is set, so this is a failure.)", pytrace=False)
    pytest.skip(reason, allow_module_level=module)
