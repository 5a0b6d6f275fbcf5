"""The simulated network of the demo: made by us from a seed, and labelled so. Nothing in it was ever measured."""
