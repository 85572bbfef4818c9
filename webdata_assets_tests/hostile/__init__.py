"""Hostile input of every kind against the real parts, each with the figure that came out.

What belongs here: an attack, and what it did. What does not: how a parser deals with odd pages (tests of its
room).
"""
