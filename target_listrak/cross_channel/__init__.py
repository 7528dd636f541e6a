"""Custom events of the Cross Channel API. May import `delivery` and what lies below it."""
