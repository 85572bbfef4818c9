"""Where runs and steps are carried out, and where Dagster keeps what it knows: one setting each."""
