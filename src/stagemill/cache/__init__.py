"""Caches that are kept elsewhere: what they hold, how it is read and written, and caches that are asked one after the other."""
