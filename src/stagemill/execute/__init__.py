"""Where operations meet the machine: each has a function that does what it says."""
