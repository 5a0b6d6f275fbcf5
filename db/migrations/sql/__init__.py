"""The text of the migrations, shipped as data."""
