"""The three forms of a layer, and how each is made from another: directory, index, blob."""
