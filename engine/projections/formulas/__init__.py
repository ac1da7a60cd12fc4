"""The shares and times that contracts speak of, from counters."""
