"""Where a page speaks of its dates: patterns of written dates, claims of the markup, dates in sight."""
