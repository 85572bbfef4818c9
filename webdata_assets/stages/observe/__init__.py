"""What a deployment tells of itself: anomalies against history, service levels, the daily report."""
