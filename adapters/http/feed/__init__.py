"""What streams read from: boards of state with their versions, the latest turns and effects."""
