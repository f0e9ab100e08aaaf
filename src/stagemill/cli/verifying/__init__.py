"""What `verify` compares, and how it tells."""
