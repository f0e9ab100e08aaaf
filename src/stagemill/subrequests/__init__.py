"""What can be asked of a Dockerfile without building it, in BuildKit's forms: its checks, outline and targets."""
