"""A bare asynchronous client: no Singer, no state, no error handling; the floor under everything.

    python bare_client.py API_URL AUTH_URL CONNECTIONS

It follows the same tree of requests, decodes each page and writes its rows as JSON lines to standard output;
it does not even add the ids of a row's parents.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import msgspec


class Page(msgspec.Struct, rename="camel"):
    """A page of a collection, or a resource."""

    data: Any
    next_page_cursor: str | None = None


DECODER = msgspec.json.Decoder(Page)
ENCODER = msgspec.json.Encoder()


class Reader:
    """Reads the tree.

    Args:
        session: Whose connections are used.
        base: The API's base address.
    """

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.session = session
        self.base = base

    async def rows(self, path: str) -> list[dict[str, Any]]:
        """Read and write all pages of a collection; give the rows of the last one."""
        params = {"count": "5000"}
        while True:
            async with self.session.get(self.base + path, params=params) as answer:
                page = DECODER.decode(await answer.read())
            rows: list[dict[str, Any]] = page.data if isinstance(page.data, list) else [page.data]
            sys.stdout.buffer.write(ENCODER.encode_lines(rows))
            if page.next_page_cursor is None:
                return rows
            params["cursor"] = page.next_page_cursor

    async def links(self, path: str) -> None:
        """Read a message's links and their clickers."""
        links = await self.rows(f"{path}/Link")
        await asyncio.gather(*(self.rows(f"{path}/Link/{link['linkId']}/Clicker") for link in links))

    async def message(self, path: str) -> None:
        """Read what hangs on a message."""
        await asyncio.gather(self.rows(f"{path}/Activity"), self.links(path), self.rows(f"{path}/Summary"))

    async def everything(self) -> None:
        """Read all lists."""
        for row in await self.rows("/List"):
            path = f"/List/{row['listId']}/Message"
            messages = await self.rows(path)
            await asyncio.gather(*(self.message(f"{path}/{one['messageId']}") for one in messages))


async def main() -> None:
    """Do it."""
    api_url, auth_url, connections = sys.argv[1:]
    form = {"grant_type": "client_credentials", "client_id": "benchmark", "client_secret": "benchmark"}
    connector = aiohttp.TCPConnector(limit=int(connections))
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.post(auth_url, data=form) as answer:
            token = (await answer.json())["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        await Reader(session, f"{api_url}/email/v1").everything()


if __name__ == "__main__":
    asyncio.run(main())
