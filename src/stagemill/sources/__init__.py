"""What URLs name: files and git repositories, found while planning and brought here when somebody needs them."""
