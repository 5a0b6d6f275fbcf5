"""Which model answers, from QUARTERMASTER_MODEL_… settings; without a URL there is none, and none is needed."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import BadInput

PREFIX = "QUARTERMASTER_MODEL_"


class ModelSettingsInvalid(BadInput):
    """A setting of the language model cannot be used."""


class ModelSettings(BaseSettings):
    """`url` is the endpoint's base (usually ending in /v1), `name` the model's, `key` what it asks for, if anything.

    Seconds: `first_seconds` to the first piece of an answer, `seconds` for a whole turn. `max_tokens` bounds one
    answer, `turn_tokens` all that a turn reads and writes.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    url: str | None = None
    name: str = ""
    key: SecretStr = SecretStr("")
    first_seconds: float = Field(default=10.0, gt=0, le=300)
    seconds: float = Field(default=45.0, gt=0, le=600)
    max_tokens: int = Field(default=1024, ge=64, le=32_768)
    turn_tokens: int = Field(default=60_000, ge=1_000, le=2_000_000)

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("is not an address of the form https://HOST/v1 (the key has a setting of its own)")
        return value

    @model_validator(mode="after")
    def _names_the_model(self) -> Self:
        if self.url and not self.name:
            raise ValueError(f"{PREFIX}NAME is missing: an endpoint serves several models")
        return self


def load_model_settings() -> ModelSettings:
    """The settings; raises `ModelSettingsInvalid` that names the one at fault and never shows its value."""
    try:
        return ModelSettings()
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        told = " ".join(f"{_name(fault['loc'])} {fault['msg'].removeprefix('Value error, ')}." for fault in faults)
        raise ModelSettingsInvalid(told.strip(), remedy="docs/models.md lists the settings.") from None


def _name(location: tuple[int | str, ...]) -> str:
    return PREFIX + str(location[0]).upper() if location else "The settings of the model:"
