"""Singer target for Listrak."""
