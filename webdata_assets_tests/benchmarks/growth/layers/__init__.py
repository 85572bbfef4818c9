"""What is prepared for each layer, and its work: PREPARE and READY by name in each module."""
