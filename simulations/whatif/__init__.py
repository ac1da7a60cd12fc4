"""A recorded stretch of time once more, under other rules or with other staff: a model, played by the kernel."""
