"""What quality speaks of, one module each: what is known of it, and its figures."""
