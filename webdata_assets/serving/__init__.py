"""The promoted pair of model and index at work: search and predictions, in process and over HTTP."""
