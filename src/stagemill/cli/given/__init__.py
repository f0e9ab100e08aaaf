"""What a command line gives, parsed and checked: the values of flags."""
