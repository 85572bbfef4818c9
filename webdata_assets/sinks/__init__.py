"""Where deliveries go, and what consumers may rely on there: one YAML file a sink, its grammar and use."""
