"""The HTTP adapter: facts and commands in, figures, streams, metrics and a page of queues out."""
