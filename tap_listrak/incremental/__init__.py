"""Decides what to read: bookmarks, refresh policy, backfill. Makes no request; imports no other layer."""
