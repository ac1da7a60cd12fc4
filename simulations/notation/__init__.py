"""How planners write amounts, and how numbers are written for them: below commands and notebooks alike."""
