"""The lock of a build on the command line: where it lies, who is asked for what it lacks, how its changes are shown."""
