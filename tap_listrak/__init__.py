"""Singer tap for Listrak."""
