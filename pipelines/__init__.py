"""Everything that computes. Nothing in here knows how a result is shown."""
