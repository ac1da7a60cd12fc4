"""Read models over the kernel's tables: each answer is true at one position of the log, and says which."""
