"""Scenarios: a contact centre and a stretch of time in one YAML file, checked and made ready for the compiled world."""
