"""Debugging: a person at the terminal looks into a step that failed, while the rest of the build waits."""
