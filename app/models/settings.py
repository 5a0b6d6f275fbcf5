"""When models are trained anew, from QUARTERMASTER_ environment variables."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.errors import SettingsInvalid

DAYS = "QUARTERMASTER_RETRAIN_DAYS"


class RetrainSettings(BaseSettings):
    """`retrain_days`: a newer import is learned from once the newest version is this old; 0 only on drift."""

    model_config = SettingsConfigDict(env_prefix="QUARTERMASTER_", frozen=True, extra="ignore", env_ignore_empty=True)

    retrain_days: int = Field(default=7, ge=0, le=3650)

    @property
    def every(self) -> timedelta | None:
        """None where only drift is a reason."""
        return timedelta(days=self.retrain_days) if self.retrain_days else None


def retrain_settings() -> RetrainSettings:
    """The settings of this process; raises `SettingsInvalid`."""
    try:
        return RetrainSettings()
    except ValidationError:
        remedy = "Give a whole number of days, such as 7; 0 trains anew only when a model drifts."
        raise SettingsInvalid(f"{DAYS} is no number of days from 0 to 3650.", remedy=remedy) from None
