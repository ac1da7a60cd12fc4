"""Where phones are: the registrar and what it remembers."""
