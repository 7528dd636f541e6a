"""Everything about email lists. Never imports `sms` or `retail`."""
