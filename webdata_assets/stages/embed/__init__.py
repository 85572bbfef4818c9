"""Clean record → chunks → vectors, by one named encoder whose weights are verified."""
