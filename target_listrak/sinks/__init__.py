"""The kinds of destination: one module per kind, and `kinds` with the loader of each."""
