"""Settings, the `destinations` setting, and looking things up by name or id."""
