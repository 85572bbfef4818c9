"""The main content of any page: the blocks that its reader came for, as plain and as structured text."""
