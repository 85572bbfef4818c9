"""The promoted pair at work: opened, served over HTTP, and renewed under load."""
