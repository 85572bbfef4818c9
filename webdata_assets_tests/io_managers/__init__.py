"""The IO manager, through real materializations on an ephemeral instance."""
