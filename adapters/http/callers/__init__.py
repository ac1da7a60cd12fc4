"""Who is asking: bearer tokens, and one-use tickets for streams."""
