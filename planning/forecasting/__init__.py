"""Demand forecasts: panel → features → models and baselines → back-test → what serves; pure, no database, no clock.

The entry points:
- `training.train(history, horizon=…, seed=…, frequency=…, signals=…, spread=…)` → `TrainedForecaster`, with `.predict`
  (a `ForecastPath` a series), `.metrics` (every method, per segment and origin), `.card` (features, versions, shape),
  `.contributions` (units by feature group), `.save` and `.load`;
- `signals.Signal(name, kind, scope, known, values)`: a driver and when it becomes known;
- `hierarchy`: levels that agree, and the weighted error over them;
- `baselines.baseline_forecast`: one series without a model; `planning.spread`: where whole models are fitted.
"""
