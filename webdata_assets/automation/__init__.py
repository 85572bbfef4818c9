"""What runs without a person: jobs, schedules from source files, repair and retraining."""
