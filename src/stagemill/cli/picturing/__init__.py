"""Builds as pictures: of what was built, and of what would be."""
