"""What all commands stand in: options, errors, tables, the store and the machine they find."""
