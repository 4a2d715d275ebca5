"""Pages for people on the console port: KUMA's own console, and the simulator behind it."""
