"""`python -m app.cli`: the same as `quartermaster`, where the path of the installed script is not known."""

from __future__ import annotations

from app.cli import main

if __name__ == "__main__":
    main()
