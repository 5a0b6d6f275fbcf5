"""Stock of one item at one site: its risk, reorder point and safety stock, and what to order from one supplier."""
