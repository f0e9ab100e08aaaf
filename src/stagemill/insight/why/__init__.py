"""Why steps ran: a build beside those before it."""
