"""Where images go and where they come from on disk: layouts, archives, plain trees."""
