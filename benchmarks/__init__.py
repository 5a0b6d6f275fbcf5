"""Measurements as commands: `python -m benchmarks.NAME` measures one claim and says whether it holds."""
