"""How findings are shown: text for people, JSON for programs, one line each for the output of a build."""
