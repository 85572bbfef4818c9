"""Published quality rules for web text: numbers of each text (signals), and thresholds on them (rules)."""
