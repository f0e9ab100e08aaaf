"""What a build is made of, pinned in a file: the lock, how it is made, kept to, and compared."""
