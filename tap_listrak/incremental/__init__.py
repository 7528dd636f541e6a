"""What to read: bookmarks, windows, refresh policy, backfill. Makes no request; imports no other layer."""
