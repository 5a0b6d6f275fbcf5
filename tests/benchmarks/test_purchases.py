"""The purchase benchmark on its smallest problem: both plans keep the rules, and the buyer's is no better."""

from __future__ import annotations

from benchmarks.purchases import PurchasesResult, measure


def test_a_small_problem_is_measured() -> None:
    run = measure(10, seed=3, seconds=10.0)
    assert run.proven
    assert run.feasible
    assert run.buyer_feasible
    assert run.buyer_margin <= run.margin == run.bound
    figures = PurchasesResult((run,)).figures()
    assert (figures["proven_10"], figures["proven_100"]) == (1, None)
