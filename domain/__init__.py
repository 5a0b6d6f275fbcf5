"""The words that every layer shares: money, actors, canonical bytes, errors. No I/O, no decisions."""
