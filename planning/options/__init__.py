"""What to do about one item at one site, compared in money on the same scenarios."""
