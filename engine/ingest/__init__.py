"""The way in: a bounded inbox, admission of facts by name, idempotence, and stamping into rows."""
