"""Where artefacts are: one folder each, named by its hash, so that no training can touch what another has made."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from app.wiring import settings
from db.models import Model
from domain.errors import Unavailable
from planning.errors import ChangedArtefact

if TYPE_CHECKING:
    from planning.forecasting.training import TrainedForecaster


class ArtefactMissing(Unavailable):
    """The files of a model version are not on this machine, or are not those that were saved."""


def keep(forecaster: TrainedForecaster, tenant: str) -> str:
    """Writes the artefact beside its place and moves it there whole; its hash."""
    root = _root(tenant)
    begun = root / f"new-{uuid4().hex}"
    try:
        digest = forecaster.save(begun)
        place = root / digest
        if place.exists() and not _is_whole(place, digest):
            # Training the same again gives the same hash: it is what mends files that were damaged since.
            shutil.rmtree(place)
        if not place.exists():
            begun.rename(place)
        return digest
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def load(model: Model, tenant: str) -> TrainedForecaster:
    """The version as it was saved, every byte checked; raises `ArtefactMissing`."""
    from planning.forecasting.training import TrainedForecaster

    # Versions of before the registry lie under their batch.
    found = [_root(tenant) / name for name in (model.artefact_hash, model.batch_id.hex)]
    place = next((one for one in found if one.is_dir()), found[0])
    try:
        return TrainedForecaster.load(place, model.artefact_hash)
    except ChangedArtefact as error:
        raise ArtefactMissing(
            f"The artefact of {model.label} cannot be used: {error}",
            remedy=f"Restore {place} from a backup, or train anew: quartermaster forecast train.",
        ) from error


def _is_whole(place: Path, digest: str) -> bool:
    from planning.forecasting import artefact

    try:
        artefact.read(place, digest)
    except ChangedArtefact:
        return False
    return True


def _root(tenant: str) -> Path:
    return settings().home / "models" / tenant
