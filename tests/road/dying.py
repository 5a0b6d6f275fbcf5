"""`python -m tests.road.dying executor|agent FUNCTION[:TOOL] before|after`: drain a queue, and die at that function.

The process is the product's own; its function is wrapped where the process looks it up. SIGKILL, so nothing is tidied.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import Any


def main(process: str, where: str, when: str) -> int:
    module = import_module(f"app.worker.{process}")
    path, _, tool = where.partition(":")
    *owners, name = path.split(".")
    holder: Any = module
    for owner in owners:
        holder = getattr(holder, owner)
    function = getattr(holder, name)

    def dying(*arguments: Any, **more: Any) -> Any:
        if tool and tool not in arguments:
            return function(*arguments, **more)
        if when == "after":
            function(*arguments, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")

    setattr(holder, name, dying)
    module.run(drain=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
