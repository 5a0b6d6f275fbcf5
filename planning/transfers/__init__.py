"""What to move between sites: lane prices, exact flows item by item, whole trucks, and a bound on what was missed."""
