"""What to collect: the model of a source file, the registry that loads them, and the files themselves."""
