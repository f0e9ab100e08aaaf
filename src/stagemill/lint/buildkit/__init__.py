"""BuildKit's checks of a Dockerfile, a file each: what each finds, in its words. Source: BuildKit, frontend/dockerfile/linter."""
