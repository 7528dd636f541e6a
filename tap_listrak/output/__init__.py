"""Messages, BATCH files, metrics, progress, the closing table. May import `records`."""
