"""Seeded data for the fake KUMA: the alerts and events of a simulated organisation.

Pure: no clock, no database, no chance of its own. Everything follows from the seed and the arguments,
the same on every machine. Imports nothing of the rest of the mock.
"""

from mock_kuma.generate.soc import DraftAlert, Soc

__all__ = ["DraftAlert", "Soc"]
