"""Solving: which results of a graph are found, which are made, in what order. Generic in the result."""
