"""The agent desk's side of the server: who signed in, what one agent's desk shows, and the socket that tells it."""
