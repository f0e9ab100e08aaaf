"""The distribution protocol: images and blobs are read from registries, by name and by digest."""
