"""What a deployment's model is to learn: one YAML file, its grammar and its reading."""
