"""The reports: each is a later reading of a run's events."""
