"""Where a finished build goes, and what is said of it."""
