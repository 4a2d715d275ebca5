"""The checks, named after what can go wrong. Each plays one requirement in a scene of its own."""
