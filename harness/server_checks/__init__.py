"""The documented API as checks against any KUMA server, mock or real."""
