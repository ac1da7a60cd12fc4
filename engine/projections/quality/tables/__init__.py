"""What is asked about quality, and the shapes of answers."""
