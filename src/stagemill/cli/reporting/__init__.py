"""A build as one page: what is known of it, and how it is shown."""
