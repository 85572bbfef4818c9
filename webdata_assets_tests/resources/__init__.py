"""Resources: what a deployment swaps, against the real thing."""
