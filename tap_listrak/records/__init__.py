"""Rows of Listrak become records and encoded pages: dates, keys, profile fields."""
