"""The life of an action: proposal, decision, approval, outbox, confirmation; and the port that adapters implement."""
