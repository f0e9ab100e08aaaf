"""Which packages a tree has, as the tools that installed them left it written: one file for each kind."""
