"""A build, from its flags to its trees: what it reads, and what it works with."""
