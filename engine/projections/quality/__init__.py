"""Quality of service: surveys, scorecards, resolution, adherence and cases, folded from the log."""
