"""docker's words: what its flags and commands are here, or why they are not."""
