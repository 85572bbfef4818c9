"""The targets, one file each: a parser, what it may raise, what holds of its results, its first inputs."""
