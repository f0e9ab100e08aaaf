"""The command line: one file per command; the only place that knows the terminal, the environment and exit codes."""
