"""Where images can be, and how they get from one place to another: registries, the store, layouts and archives."""
