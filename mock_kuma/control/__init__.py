"""Our own API, on the console port: how tests steer the mock."""

PREFIX = "/control/v1"
