"""The assembled line on pages that nobody here wrote: real sites and page collections, served on loopback."""
