"""The result of each row: tallies, STATE, the rejects file."""
