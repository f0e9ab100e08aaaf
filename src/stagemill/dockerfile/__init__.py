"""The Dockerfile language: text to tree and back, and the expansion of variables."""
