"""A web server on loopback that misbehaves on command and remembers what it was asked."""
