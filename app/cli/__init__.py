"""The command line. Each command imports what it needs when it runs, so that `--help` stays quick."""

from __future__ import annotations

from app.cli.main import main

__all__ = ["main"]
