"""Singer tap for Listrak. May import `listrak_singer` and `listrak_api`, never the target or the sandbox."""
