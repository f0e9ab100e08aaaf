"""All state on disk: blobs, layer directories, cache records, image names, and the locks that let many builds share them."""
