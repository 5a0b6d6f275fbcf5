"""Demand that is not as usual, told apart: lasting shift, one-off, data error, or not clear yet; pure, no database."""
