"""Everything about SMS. Never imports `email` or `retail`."""
