"""The mathematics: arrays and frames in, frozen dataclasses out. No database, no clock, no network."""
