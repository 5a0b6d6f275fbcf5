"""Anomalies against series whose truth is known."""
