"""Rows of Listrak become records and encoded pages. May import `settings` and `clients`."""
