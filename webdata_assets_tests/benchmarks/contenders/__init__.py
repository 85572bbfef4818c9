"""The crawlers that race each other: one program each, started anew for every measurement."""
