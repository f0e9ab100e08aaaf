"""Rules of good practice, one a file: images, packages, users, files, labels, commands, secrets, caches."""
