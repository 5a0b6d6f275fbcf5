"""The migrations in order. The text of each is in `../sql`."""
