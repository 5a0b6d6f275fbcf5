"""Whole models and whole replications on a Dask cluster that is there already, when a setting names it.

Nothing is cut up inside a job: what comes back is what this machine would have computed, so results cannot depend on
where they were made. Without the setting everything runs here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.errors import SettingsInvalid
from db.settings import PREFIX
from domain.errors import Unavailable
from planning.spread import Spread, local

Job = TypeVar("Job")
Result = TypeVar("Result")

CONNECT_SECONDS = 10


class ClusterSettings(BaseSettings):
    """`cluster` is the address of a Dask scheduler, such as tcp://scheduler:8786 or tls://…; empty: this machine."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    cluster: str | None = Field(default=None)

    @field_validator("cluster")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("tcp://", "tls://")):
            raise ValueError("is not an address of a scheduler such as tcp://scheduler:8786")
        return value


class ClusterUnavailable(Unavailable):
    """The cluster that a setting names cannot be used."""


@contextmanager
def engine(address: str | None = None) -> Generator[Spread]:
    """Where jobs run: on the cluster at `address` (None: the one that the settings name), or here.

    Raises:
        ClusterUnavailable: nobody answers there, or its workers hold another version of Quartermaster, or none.
        SettingsInvalid: the setting is no address.
    """
    address = address or _settings().cluster
    if address is None:
        yield local
        return
    with _connected(address) as client:
        yield _on(client)


def _settings() -> ClusterSettings:
    try:
        return ClusterSettings()
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SettingsInvalid(f"{PREFIX}CLUSTER {problem}.", remedy="Correct it, or leave it out.") from None


@contextmanager
def _connected(address: str) -> Generator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterUnavailable(
            "The parts for a cluster are not installed.", remedy="Install the extra: quartermaster[cluster]."
        ) from None
    try:
        # Any: the library types every call as if it were awaited.
        client: Any = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError:
        raise ClusterUnavailable(
            f"Nobody answers at {address}.", remedy=f"Start the scheduler, or leave {PREFIX}CLUSTER out to work here."
        ) from None
    try:
        _check_versions(client)
        yield client
    finally:
        client.close()


def _check_versions(client: Any) -> None:
    """Another version would compute something else, and say nothing."""
    # A worker that cannot load our code answers with its error in place of versions.
    ours, theirs = our_versions(), client.run(our_versions, on_error="return")
    if not theirs:
        raise ClusterUnavailable("The cluster has no workers.", remedy="Start some: dask worker ADDRESS.")
    other = {worker: found for worker, found in theirs.items() if found != ours}
    if other:
        worker, found = next(iter(other.items()))
        raise ClusterUnavailable(
            f"{len(other)} of {len(theirs)} workers hold other versions: {worker} has {found}, here is {ours}.",
            remedy="Install the same requirements there.",
        )


def our_versions() -> dict[str, str]:
    """What decides a result: our code and the libraries that compute."""
    return {name: version(name) for name in ("quartermaster", "lightgbm", "numpy", "scipy")}


def _on(client: Any) -> Spread:
    def spread(function: Callable[[Job], Result], jobs: Sequence[Job], /) -> Iterator[Result]:
        # pure=False: the same job twice is done twice; a result kept from before could be of another version.
        futures = client.map(function, jobs, pure=False)
        for future in futures:
            yield future.result()

    return spread
