"""The daily report: gathered facts in, one self-contained HTML page out."""
