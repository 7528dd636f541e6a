"""Requests of the Privacy API to forget somebody. May import `delivery` and what lies below it."""
