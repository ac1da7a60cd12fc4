"""What happens to calls: effects and events become steps of one call, from its arrival or callback to its end."""
