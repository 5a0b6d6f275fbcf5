"""What text of people and documents may hold, wherever it comes in. It is never changed, only refused."""

from __future__ import annotations

# For use between brackets. Neither controls nor direction overrides: text is shown in terminals and must not steer
# them. Line feed and tab stay.
CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
