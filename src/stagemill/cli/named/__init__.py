"""Images as a command line names them, wherever they are."""
