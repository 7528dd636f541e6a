"""Bookmarks, windows of time, which messages are read again. Pure arithmetic."""
