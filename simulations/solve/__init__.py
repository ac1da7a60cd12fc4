"""From a target to a plan: agents an interval, trunks and shifts, reckoned first and then proven by simulation."""
