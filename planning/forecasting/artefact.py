"""A trained forecaster as files that cannot change unnoticed and cannot run anything when read.

Format: `manifest.json` (canonical JSON: horizon, choices, scores, SHA-256 of every other file), `state.npz` (arrays,
read with pickle forbidden), `tree-N.txt` (LightGBM's text form). The artefact's hash is that of the manifest.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.canonical import canonical_bytes, sha256_hex
from planning.arrays import FloatArray, IntArray, SingleArray
from planning.errors import ChangedArtefact
from planning.forecasting.backtest import Choice
from planning.forecasting.baselines import LEVELS
from planning.forecasting.calibration import MethodMetrics
from planning.forecasting.quantile_model import QuantileModel

FORMAT = 1
MANIFEST, STATE = "manifest.json", "state.npz"
ARRAYS = ("mean", "quantiles", "served", "scale", "smallest", "features")


@dataclass(frozen=True)
class Artefact:
    """Everything a forecaster is.

    Attributes:
        horizon: days it was trained for.
        ids: (series,) names.
        choices: (series,) what serves each and why.
        scores: of the back-test.
        origins: rolling origins scored.
        reason: why there was no back-test; empty when there was one.
        mean: (series, horizon) of the series that a baseline serves, zero for the others.
        quantiles: (series, horizon, levels), likewise.
        served: (served,) positions of the series that the model serves.
        scale: (served,) units a day that their features and forecasts are relative to.
        smallest: (served,) the smallest demand on a day that they ever had.
        features: (served · horizon, features).
        model: None when no series is served by it.
    """

    horizon: int
    ids: tuple[str, ...]
    choices: tuple[Choice, ...]
    scores: tuple[MethodMetrics, ...]
    origins: int
    reason: str
    mean: FloatArray
    quantiles: FloatArray
    served: IntArray
    scale: FloatArray
    smallest: FloatArray
    features: SingleArray
    model: QuantileModel | None


def write(artefact: Artefact, directory: Path) -> str:
    """Write all files, the manifest last; its SHA-256."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {STATE: _packed(artefact)}
    texts = [] if artefact.model is None else artefact.model.texts()
    files |= {_tree(number): text.encode() for number, text in enumerate(texts)}
    manifest = canonical_bytes({
        "format": FORMAT,
        "horizon": artefact.horizon,
        "origins": artefact.origins,
        "reason": artefact.reason,
        "ids": artefact.ids,
        "choices": [asdict(choice) for choice in artefact.choices],
        "scores": [asdict(score) for score in artefact.scores],
        "trees": len(texts),
        "files": {name: sha256_hex(content) for name, content in files.items()},
    })  # fmt: skip
    for name, content in files.items():
        (directory / name).write_bytes(content)
    (directory / MANIFEST).write_bytes(manifest)
    return sha256_hex(manifest)


def read(directory: Path, sha256: str) -> Artefact:
    """Check, then parse the bytes that were checked."""
    manifest = _checked(directory / MANIFEST, sha256)
    head: dict[str, Any] = json.loads(manifest)
    if head["format"] != FORMAT:
        raise ChangedArtefact("artefact", f"has format {head['format']}, this version reads {FORMAT}")
    files = {name: _checked(directory / name, digest) for name, digest in head["files"].items()}
    texts = [files[_tree(number)].decode() for number in range(head["trees"])]
    with np.load(io.BytesIO(files[STATE]), allow_pickle=False) as state:
        arrays = {name: state[name] for name in ARRAYS}
    return Artefact(
        horizon=head["horizon"],
        ids=tuple(head["ids"]),
        choices=tuple(Choice(**choice) for choice in head["choices"]),
        scores=tuple(MethodMetrics(**score) for score in head["scores"]),
        origins=head["origins"],
        reason=head["reason"],
        model=QuantileModel.of_texts(LEVELS, texts) if texts else None,
        **arrays,
    )


def _checked(file: Path, sha256: str) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ChangedArtefact(file.name, f"cannot be read ({error.strerror})", remedy="Train again.") from error
    if sha256_hex(content) != sha256:
        raise ChangedArtefact(file.name, "is not the file that was saved", remedy="Train again or restore it.")
    return content


def _packed(artefact: Artefact) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: getattr(artefact, name) for name in ARRAYS})
    return buffer.getvalue()


def _tree(number: int) -> str:
    return f"tree-{number}.txt"
