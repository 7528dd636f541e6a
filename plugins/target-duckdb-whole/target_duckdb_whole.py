"""Runs target-duckdb 0.8 without two of its defects, of which the first loses rows silently.

- It copies rows from a file without saying that the file has no header. DuckDB later than 1.0 guesses, takes
  the first row for one whenever a column holds times with an offset, and that row is gone. (Mended in
  target-duckdb's repository, jwills/target-duckdb, by pull request 58, which is in no release yet.)
- A table that consists of nothing but its key, such as link clickers, makes it execute None.

With a release that does it right, nothing here has an effect, and this package can go.
"""

from __future__ import annotations

from typing import Any

import target_duckdb


class Connection:
    """A DuckDB connection that says what target-duckdb leaves unsaid.

    Args:
        connection: The real one, which does everything else.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        """Pass everything else on."""
        return getattr(self._connection, name)

    def execute(self, query: str | None, *parameters: object) -> Any:
        """Run a statement; nothing at all for None."""
        if query is None:
            return self._connection
        if query.startswith("COPY ") and "header" not in query.lower():
            query = query.replace(" WITH (", " WITH (header false, ")
        return self._connection.execute(query, *parameters)


def main() -> None:
    """Be target-duckdb."""
    connect = target_duckdb.duckdb_connect
    target_duckdb.duckdb_connect = lambda config: Connection(connect(config))
    target_duckdb.main()
