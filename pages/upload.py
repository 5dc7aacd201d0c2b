"""Upload (under construction)."""
