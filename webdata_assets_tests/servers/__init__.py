"""Real servers on loopback for tests: an object store, and what else runs beside a deployment."""
