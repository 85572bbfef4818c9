"""Executors, Celery workers, Kubernetes job specs, and Dagster on PostgreSQL."""
