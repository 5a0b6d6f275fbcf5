"""Suites that replay cases against a known truth."""
