"""How independent jobs are run: in this process, or wherever an adapter takes them. It knows nothing of what they do.

A job is whole (one model, one replication), so that its result cannot depend on where it ran or what ran beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

# Jobs release the interpreter's lock while LightGBM works; more at once than cores would only wait for each other.
AT_ONCE = 2


class Spread(Protocol):
    """Runs `function` on every job and yields the results in the order of the jobs, each as soon as it can.

    `function` is defined at the top of a module and jobs and results can be pickled, so that another process can run
    them. An error of a job is raised where its result would have come.
    """

    def __call__(self, function: Callable[[Job], Result], jobs: Sequence[Job], /) -> Iterator[Result]: ...


def local(function: Callable[[Job], Result], jobs: Sequence[Job], /) -> Iterator[Result]:
    """In threads of this process."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(function, jobs)
