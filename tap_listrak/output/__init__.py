"""What is written: lines, BATCH files, metrics, progress, the closing table."""
