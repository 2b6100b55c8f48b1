"""Sources: functions that make images."""
