"""One plan for everything that must be bought: which supplier, how much, when, for whom, with proof."""
