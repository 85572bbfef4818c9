"""Other orchestrators that call us: the client against a real webserver, and the examples of the docs."""
