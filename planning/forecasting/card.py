"""What a version was trained on and with: kept in its manifest, for a registry and for whoever asks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from domain.canonical import canonical_bytes, sha256_hex
from planning.forecasting.features import Feature, Origins
from planning.forecasting.frequency import FrequencyName
from planning.forecasting.panel import Panel

LIBRARIES = ("lightgbm", "mlforecast", "numpy", "pandas", "scipy")


@dataclass(frozen=True)
class Card:
    """One trained version.

    Attributes:
        frequency: what a period is.
        horizon: periods it was trained for.
        first_day: on which the first forecast period begins.
        seed: of the rows drawn and the trees.
        series, periods: shape of the history; `observations` counts known series-periods.
        features: the model's columns; `features_sha256` is over their names and groups.
        signals: the declared drivers, "name (kind, in advance | after n)".
        notes: what was done to the data, in words (out of stock, not recorded).
        mean_method: whose mean serves, and `mean_losses` of all that were tried.
        libraries: versions of what fits, transforms and calculates.
    """

    frequency: FrequencyName
    horizon: int
    first_day: str
    seed: int
    series: int
    periods: int
    observations: int
    features: tuple[Feature, ...]
    features_sha256: str
    signals: tuple[str, ...]
    notes: tuple[str, ...]
    mean_method: str
    mean_losses: dict[str, float]
    libraries: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def of_json(cls, head: dict[str, Any]) -> Card:
        """The card back from plain values."""
        restored: dict[str, Any] = head | {name: tuple(head[name]) for name in ("signals", "notes")}
        restored["features"] = tuple(Feature(**one) for one in head["features"])
        return cls(**restored)


def card_of(
    panel: Panel, origins: Origins, horizon: int, seed: int, mean_method: str, mean_losses: dict[str, float]
) -> Card:
    """The card of a training."""
    features = origins.features
    return Card(
        frequency=panel.frequency.name,
        horizon=horizon,
        first_day=str(panel.frequency.first_day(panel.first + panel.periods)),
        seed=seed,
        series=len(panel.ids),
        periods=panel.periods,
        observations=int(panel.known.sum()),
        features=features,
        features_sha256=sha256_hex(canonical_bytes([asdict(feature) for feature in features])),
        signals=tuple(
            f"{one.name} ({one.kind}, {'in advance' if one.delay is None else f'after {one.delay}'})"
            for one in panel.signals
        ),
        notes=panel.notes,
        mean_method=mean_method,
        mean_losses=mean_losses,
        libraries={name: version(name) for name in LIBRARIES},
    )
