"""What wallboards show: boards of the configuration, alerts, the last hour, who was lost, the day, the past, kiosks."""
