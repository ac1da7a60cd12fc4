"""The HTTP adapter: facts and commands in, figures, streams, metrics, a wallboard and a desk out."""
