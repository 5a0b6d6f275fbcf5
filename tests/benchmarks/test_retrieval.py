"""The retrieval benchmark keeps its contract: its figures, one JSON object, and null for what was not measured."""

from __future__ import annotations

import pytest

from benchmarks import retrieval
from benchmarks.report import Report

CONTRACT = {"hit3", "bm25_hit3", "vector_hit3", "recall_at_100k", "p95_ms_at_100k"}


@pytest.mark.slow
def test_a_run_on_a_few_questions_measures_every_figure_but_size(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("LABELLED", "HELD_OUT", "OFF_TOPIC", "HELD_OUT_OFF_TOPIC"):
        monkeypatch.setattr(retrieval, name, getattr(retrieval, name)[:3])
    assert retrieval.run(retrieval.measure, ["--json", "--quick"]) == 0
    report = Report.model_validate_json(capsys.readouterr().out)
    assert report.name == "retrieval"
    assert set(report.figures) >= CONTRACT
    unmeasured = {name for name, figure in report.figures.items() if figure is None}
    assert unmeasured == {"recall_at_100k", "p95_ms_at_100k"}
    assert report.goal == {"hit3": 0.9, "p95_ms": 150.0}
