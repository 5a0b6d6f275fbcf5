"""Where the database is: read from QUARTERMASTER_ environment variables, checked before anything is started.

A process that is given the URL of its own role needs, and gets, no other. Bare names such as DATABASE_URL are not read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.errors import SettingsInvalid

Role = Literal["owner", "agent", "operator", "executor", "sealer"]
ROLES: tuple[Role, ...] = get_args(Role)
PREFIX = "QUARTERMASTER_"
URL_REMEDY = "Give it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE."


class DatabaseSettings(BaseSettings):
    """`home` holds the embedded cluster and its password files; a URL means that somebody else runs PostgreSQL."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    home: Path = Field(default=Path("var"), validate_default=True)
    database_url: SecretStr | None = None
    database_url_agent: SecretStr | None = None
    database_url_operator: SecretStr | None = None
    database_url_executor: SecretStr | None = None
    database_url_sealer: SecretStr | None = None

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url", *(f"database_url_{role}" for role in ROLES if role != "owner"))
    @classmethod
    def _postgresql_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_url(value.get_secret_value())
        return value

    @property
    def embedded(self) -> bool:
        """True when no URL at all is given: the program runs its own PostgreSQL."""
        return self.database_url is None and not any(self.role_url(role) for role in ROLES)

    def role_url(self, role: Role) -> str | None:
        """The URL given for exactly this role; the owner has none of its own."""
        if role == "owner":
            return None
        secret: SecretStr | None = getattr(self, f"database_url_{role}")
        return secret.get_secret_value() if secret else None


def _check_url(url: str) -> None:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError(f"is not a PostgreSQL URL. {URL_REMEDY}")
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq's message repeats parts of the URL, which may be the password.
        raise ValueError(f"is not a well-formed URL. {URL_REMEDY}") from None
    if not parts.get("dbname"):
        raise ValueError(f"names no database. {URL_REMEDY}")


def load_settings(environment: Mapping[str, str] | None = None) -> DatabaseSettings:
    """Read and check the settings.

    Raises:
        SettingsInvalid: a value cannot be used, or a QUARTERMASTER_DATABASE_… name is not known.
    """
    _refuse_unknown(environment if environment is not None else os.environ)
    try:
        return DatabaseSettings() if environment is None else _from_mapping(environment)
    except ValidationError as error:
        raise SettingsInvalid(_explain(error), remedy="Correct it or unset it.") from None


def _from_mapping(environment: Mapping[str, str]) -> DatabaseSettings:
    known = DatabaseSettings.model_fields
    given = {name: environment[PREFIX + name.upper()] for name in known if environment.get(PREFIX + name.upper())}
    return DatabaseSettings.model_validate(given)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [PREFIX + name.upper() for name in DatabaseSettings.model_fields]
    for name in environment:
        if name.upper().startswith(f"{PREFIX}DATABASE_") and name.upper() not in known:
            nearest = get_close_matches(name.upper(), known, n=1)
            hint = f"Did you mean {nearest[0]}?" if nearest else f"Known are {', '.join(known)}."
            raise SettingsInvalid(f"The setting {name} is not known.", remedy=hint)


def _explain(error: ValidationError) -> str:
    """One sentence a fault, without the value, which may hold a password."""
    faults = error.errors(include_input=False, include_url=False)
    return " ".join(
        f"{PREFIX}{str(fault['loc'][0]).upper()} {fault['msg'].removeprefix('Value error, ')}" for fault in faults
    )
