"""`python -m connectors.tryton start|stop HOME`: Tryton's process by hand, for a home that is set up."""

from __future__ import annotations

import sys
from pathlib import Path

from connectors.tryton.environment import prepare
from connectors.tryton.process import stop
from domain.errors import QuartermasterError


def main(arguments: list[str]) -> int:
    """Run one command; 2 for a wrong call, else the error's own exit code."""
    match arguments:
        case ["start", home]:
            _say(prepare(Path(home), _say).start().url)
        case ["stop", home]:
            stop(Path(home).resolve() / "tryton")
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except QuartermasterError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
