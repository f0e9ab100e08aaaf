"""Whether a build gives the same bytes again: two builds or two images are compared, and every difference gets its cause."""
