"""What Prometheus is told: counters of what passed, and families read from the tables at the scrape."""
