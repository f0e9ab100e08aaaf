"""What `size`, `diff` and the budgets of `build` have in common: images found and weighed, told as text, rows and JSON."""
