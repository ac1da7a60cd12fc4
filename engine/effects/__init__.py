"""The way out: effects derived from decided rows, held until their cause is durable."""
