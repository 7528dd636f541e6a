"""Lines, columns and BATCH files become records."""
