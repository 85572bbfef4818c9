"""A first source file for a site, proposed from a look at some of its pages.

What belongs here: looking, proposing and writing YAML. What does not: parsing arguments and files (cli/), and
any reading of pages that extraction or discovery can do.
"""
