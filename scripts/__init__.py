"""What keeps the repository: set-up, pinned versions, generated files."""
