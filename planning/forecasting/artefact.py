"""A trained forecaster as files that cannot change unnoticed and cannot run anything when read.

Format: `manifest.json` (canonical JSON: card, choices, scores, SHA-256 of every other file), `state.npz` (arrays, read
with pickle forbidden), `tree-N.txt` (LightGBM's text form). The artefact's hash is that of the manifest.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.canonical import canonical_bytes, sha256_hex
from planning.errors import ChangedArtefact
from planning.forecasting.backtest import Choice
from planning.forecasting.baselines import LEVELS
from planning.forecasting.calibration import MethodMetrics, OriginMetrics
from planning.forecasting.card import Card
from planning.forecasting.quantile_model import QuantileModel
from planning.forecasting.serving import Served

FORMAT = 2
MANIFEST, STATE = "manifest.json", "state.npz"
ARRAYS = ("mean", "quantiles", "modelled", "scale", "features")


@dataclass(frozen=True)
class Artefact:
    """Everything a forecaster is.

    Attributes:
        card: what it was trained on and with.
        ids: (series,) names.
        scores: of the back-test.
        origins: rolling origins scored.
        reason: why there was no back-test; empty when there was one.
        served: the forecasts and what the model saw.
        model: None when nothing of it is used.
    """

    card: Card
    ids: tuple[str, ...]
    scores: tuple[MethodMetrics, ...]
    origins: int
    reason: str
    served: Served
    model: QuantileModel | None


def write(artefact: Artefact, directory: Path) -> str:
    """Write all files, the manifest last; its SHA-256."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {STATE: _packed(artefact.served)}
    texts = () if artefact.model is None else artefact.model.trees
    files |= {_tree(number): text.encode() for number, text in enumerate(texts)}
    manifest = canonical_bytes({
        "format": FORMAT,
        "card": artefact.card.as_json(),
        "origins": artefact.origins,
        "reason": artefact.reason,
        "ids": artefact.ids,
        "choices": [asdict(choice) for choice in artefact.served.choices],
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
    texts = tuple(files[_tree(number)].decode() for number in range(head["trees"]))
    with np.load(io.BytesIO(files[STATE]), allow_pickle=False) as state:
        arrays = {name: state[name] for name in ARRAYS}
    return Artefact(
        card=Card.of_json(head["card"]),
        ids=tuple(head["ids"]),
        scores=tuple(_score(score) for score in head["scores"]),
        origins=head["origins"],
        reason=head["reason"],
        served=Served(choices=tuple(Choice(**choice) for choice in head["choices"]), **arrays),
        model=QuantileModel(LEVELS, texts) if texts else None,
    )


def _score(head: dict[str, Any]) -> MethodMetrics:
    restored: dict[str, Any] = head | {"per_origin": tuple(OriginMetrics(**one) for one in head["per_origin"])}
    return MethodMetrics(**restored)


def _checked(file: Path, sha256: str) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ChangedArtefact(file.name, f"cannot be read ({error.strerror})", remedy="Train again.") from error
    if sha256_hex(content) != sha256:
        raise ChangedArtefact(file.name, "is not the file that was saved", remedy="Train again or restore it.")
    return content


def _packed(served: Served) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: getattr(served, name) for name in ARRAYS})
    return buffer.getvalue()


def _tree(number: int) -> str:
    return f"tree-{number}.txt"
