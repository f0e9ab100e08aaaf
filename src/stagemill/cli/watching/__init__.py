"""Watching: a build that follows its files, and a command that follows the build."""
