"""One stage into two: what builds, and what runs. And the same knowledge for projects that have no Dockerfile yet."""
