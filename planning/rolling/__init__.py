"""Orders of this period for a whole network of sites, planned over many possible futures, anew each period."""
