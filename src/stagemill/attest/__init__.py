"""What goes with an image beside its layers: how it was built, and what is in it, as statements that others can check."""
