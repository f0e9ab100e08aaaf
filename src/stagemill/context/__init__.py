"""What the user sends to be built from: a directory with its ignore rules, or an archive."""
