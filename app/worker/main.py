"""`python -m app.worker.main agent|executor|sealer|trainer [--drain]`: one process, started by the supervisor."""

from __future__ import annotations

import logging
import sys

from app.cli.output import print_error
from app.worker import Process, run
from domain.errors import QuartermasterError

NAMES: dict[str, Process] = {"agent": "agent", "executor": "executor", "sealer": "sealer", "trainer": "trainer"}


def main(arguments: list[str]) -> int:
    """Run the process that is named; its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        run(NAMES[arguments[0]], drain="--drain" in arguments)
    except QuartermasterError as error:
        print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
