"""Formatting, addresses and phone numbers, and why a value is refused."""
