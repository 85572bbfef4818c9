"""Asset checks: formulas over stored partitions, and the factory that turns them into Dagster's."""
