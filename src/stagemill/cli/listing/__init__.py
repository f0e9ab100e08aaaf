"""Lists as docker prints them: rows in a form of the user's (`--format`), and which rows (`--filter`)."""
