"""Triage: a case is worked into a proposal, or into a reason why there is none. Without a model, in eight nodes."""
