"""Looking at images where they are: in registries, layouts, archives and the store."""
