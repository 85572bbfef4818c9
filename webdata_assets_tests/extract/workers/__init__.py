"""Worker processes: limits, deaths, order, orphans."""
