"""A trained forecaster as files that cannot change unnoticed and cannot run anything when read.

Format: `manifest.json` (canonical JSON: card, choices, scores, SHA-256 of every other file), `state.npz` (arrays, read
with pickle forbidden), `tree-N.txt` (LightGBM's text form), `held-N.txt` (the same of the model that was back-tested).
The artefact's hash is that of the manifest.
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
from planning.forecasting.backtest import BackTest, Choice, SegmentChoice
from planning.forecasting.baselines import LEVELS
from planning.forecasting.calibration import MethodMetrics, OriginMetrics
from planning.forecasting.card import Card
from planning.forecasting.mean_choice import MeanChoice
from planning.forecasting.quantile_model import QuantileModel
from planning.forecasting.serving import Served

FORMAT = 4
MANIFEST, STATE = "manifest.json", "state.npz"
ARRAYS = ("mean", "quantiles", "modelled", "scale", "features")


@dataclass(frozen=True)
class Artefact:
    """Everything a forecaster is.

    Attributes:
        card: what it was trained on and with.
        ids: (series,) names.
        tested: the back-test, with what was chosen; None when none was possible.
        reason: why there was no back-test; empty when there was one.
        served: the forecasts and what the model saw.
        model: None when nothing of it is used.
    """

    card: Card
    ids: tuple[str, ...]
    tested: BackTest | None
    reason: str
    served: Served
    model: QuantileModel | None


def write(artefact: Artefact, directory: Path) -> str:
    """Write all files, the manifest last; its SHA-256."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {STATE: _packed(artefact.served)}
    tested = artefact.tested
    texts = () if artefact.model is None else artefact.model.trees
    held = () if tested is None else tested.model.trees
    files |= {_tree(number): text.encode() for number, text in enumerate(texts)}
    files |= {_held(number): text.encode() for number, text in enumerate(held)}
    manifest = canonical_bytes({
        "format": FORMAT,
        "card": artefact.card.as_json(),
        "origins": tested.origins if tested else 0,
        "reason": artefact.reason,
        "ids": artefact.ids,
        "choices": [asdict(choice) for choice in artefact.served.choices],
        "segments": _segments(tested),
        "scores": [asdict(score) for score in (tested.scores if tested else ())],
        "trees": len(texts),
        "held": len(held),
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
    held = tuple(files[_held(number)].decode() for number in range(head["held"]))
    with np.load(io.BytesIO(files[STATE]), allow_pickle=False) as state:
        arrays = {name: state[name] for name in ARRAYS}
    card = Card.of_json(head["card"])
    return Artefact(
        card=card,
        ids=tuple(head["ids"]),
        tested=_tested(head, card, QuantileModel(LEVELS, held)) if held else None,
        reason=head["reason"],
        served=Served(choices=tuple(Choice(**choice) for choice in head["choices"]), **arrays),
        model=QuantileModel(LEVELS, texts) if texts else None,
    )


def _segments(tested: BackTest | None) -> dict[str, object]:
    """What serves each segment and its correction, by segment."""
    found = {} if tested is None else tested.choices
    return {name: {"choice": asdict(one.choice), "factors": one.factors.tolist()} for name, one in found.items()}


def _tested(head: dict[str, Any], card: Card, model: QuantileModel) -> BackTest:
    choices = {
        name: SegmentChoice(Choice(**one["choice"]), np.array(one["factors"], dtype=np.float64))
        for name, one in head["segments"].items()
    }
    scores = tuple(_score(score) for score in head["scores"])
    return BackTest(scores, choices, MeanChoice(card.mean_method, card.mean_losses), head["origins"], model)


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


def _held(number: int) -> str:
    return f"held-{number}.txt"
