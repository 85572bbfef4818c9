"""One thin file per layer: which rows come in, which stage does the work, which rows and numbers go out."""
