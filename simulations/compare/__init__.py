"""Two scenarios with the same callers: what differs, and by how much beyond chance."""
