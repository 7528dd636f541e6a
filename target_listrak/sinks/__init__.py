"""The sinks of the target, one module per kind of destination."""
