"""Other engines on our tables."""
