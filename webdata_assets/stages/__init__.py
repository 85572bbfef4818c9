"""The work itself, layer by layer: pure functions and small engines that never import dagster."""
