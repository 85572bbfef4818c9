"""Worker processes that read pages: each page has a time limit, each process a memory limit.

A parser that hangs or swells is killed with its process; the other pages do not notice.
"""
