"""What people's own tools read: frames of admitted rows, the notebook, datasets, and two stores compared."""
