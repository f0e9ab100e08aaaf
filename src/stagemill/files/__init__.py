"""Reading file trees, wherever they are: a protocol, and what can be done with anything that has it."""
