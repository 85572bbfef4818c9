"""The encoders behind one protocol: the embedded default, folders, endpoints; and how one is chosen."""
