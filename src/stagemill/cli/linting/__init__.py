"""What `stagemill lint` is given: the file and its surroundings, settings of the house, ShellCheck."""
