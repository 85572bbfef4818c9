"""What deploys the project: settings files, systemd units, containers, the chart's values, the workflow."""
