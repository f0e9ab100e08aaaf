"""The rules, one file each: a name, a sentence, and a function from a file to its findings."""
