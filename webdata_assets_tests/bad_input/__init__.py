"""Bad input through the assembled product: the message says what to do; nothing is lost or half-written."""
