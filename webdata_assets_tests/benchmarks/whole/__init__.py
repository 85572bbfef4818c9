"""The race from raw HTML to a searchable index, over two days, beside what a user would pick instead."""
