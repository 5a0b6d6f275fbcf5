"""Demand forecasts: panel → features → models and baselines → back-test → what serves; pure, no database, no clock."""
