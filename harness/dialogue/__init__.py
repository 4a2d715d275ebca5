"""How the harness talks to a connector: one module a transport, and the calls above them."""
