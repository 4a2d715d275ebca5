"""Recordings of a real KUMA: made by a proxy, masked, served again, compared with the mock."""
