"""What a first read costs, from the sizes of an account: ``python -m benchmarks.cost_model``.

A small model with four rates. Three of them are measured on the jobs of docs/performance.md, and the tests
compare the model with what was measured; the loader's is an assumption. It is here to tell which part gives
out first and how costs grow, not to promise hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

PAGE_ROWS = 5000
"""Rows of a full page."""
PARTS = ("rate limit", "latency", "processor", "loader")


EMPTY_PAGES = 10
"""Windows of a list that come without rows in a first read, and are asked for again."""


@dataclass(frozen=True)
class Account:
    """Sizes of an account.

    Attributes:
        lists: Email lists.
        messages: Messages of all lists.
        recipients: Activity rows of a message.
        links: Links of a message.
        clickers: Click rows of a link.
        contacts: Contacts of all lists.
        windows: Windows of `window_days` that the history is read in.
    """

    lists: int
    messages: int
    recipients: int
    links: int = 3
    clickers: int = 40
    contacts: int = 0
    windows: int = 9

    @property
    def activity_rows(self) -> int:
        """Rows of `message_activity`."""
        return self.messages * self.recipients

    @property
    def rows(self) -> int:
        """Rows of activity, links, clickers, summaries, messages and contacts."""
        each = self.recipients + self.links * (1 + self.clickers) + 2
        return self.messages * each + self.contacts

    @property
    def requests(self) -> int:
        """Requests of a first read: a collection takes one, and one more for each full page."""
        each = pages(self.recipients) + 1 + self.links * pages(self.clickers) + 1
        # For each list: its windows of messages, and of contacts in two states.
        messages = max(self.windows, pages(self.messages // self.lists))
        contacts = max(self.windows, pages(self.contacts // self.lists // 2))
        of_lists = self.lists * (messages + 2 * contacts + EMPTY_PAGES) + pages(self.lists)
        return self.messages * each + of_lists


@dataclass(frozen=True)
class Machine:
    """Where and how it is read.

    Attributes:
        processes: Shards that run at once, each on a core of its own.
        in_flight: `max_concurrency` of each.
        latency: Seconds from a request to its answer.
        requests_per_second: What Listrak allows all processes together; 0 for no limit.
        row_seconds: Processor time of the tap for a row.
        request_seconds: Processor time of the tap for a request.
        start_seconds: Processor time of a process's start.
        loader_rows_per_second: Rows that one loader takes. Assumed: the SDK's own sinks take about so many.
        core_hour_price: Price of a core for an hour, in dollars. Assumed.
    """

    processes: int = 1
    in_flight: int = 16
    latency: float = 0.05
    requests_per_second: float = 0
    row_seconds: float = 2.6e-6
    request_seconds: float = 1.0e-3
    start_seconds: float = 0.4
    loader_rows_per_second: float = 15_000
    core_hour_price: float = 0.05


@dataclass(frozen=True)
class Cost:
    """What a first read costs.

    Attributes:
        requests: Requests.
        rows: Rows.
        seconds: Seconds that each of `PARTS` needs by itself, by its name.
        processor_seconds: Processor time of all processes, the loaders' not included.
        price: Of that time, in dollars.
    """

    requests: int
    rows: int
    seconds: dict[str, float]
    processor_seconds: float
    price: float

    @property
    def bound_by(self) -> str:
        """The part that gives out first: the slowest one."""
        return max(self.seconds, key=self.seconds.__getitem__)

    @property
    def total_seconds(self) -> float:
        """Seconds of the whole: the parts work at the same time, so the slowest one decides."""
        return self.seconds[self.bound_by]


def pages(rows: int) -> int:
    """Requests for a collection of so many rows; an empty one takes one as well."""
    return max(1, math.ceil(rows / PAGE_ROWS))


def cost(account: Account, machine: Machine, *, loads: bool = True) -> Cost:
    """Reckon what a first read costs.

    Args:
        account: What is read.
        machine: Where and how.
        loads: Whether a loader takes the rows; else they are written to a file.
    """
    requests, rows, processes = account.requests, account.rows, machine.processes
    processor = rows * machine.row_seconds + requests * machine.request_seconds
    processor += processes * machine.start_seconds
    rate = requests / machine.requests_per_second if machine.requests_per_second else 0.0
    loader = rows / (machine.loader_rows_per_second * processes) if loads else 0.0
    waiting = requests * machine.latency / (machine.in_flight * processes)
    seconds = dict(zip(PARTS, (rate, waiting, processor / processes, loader), strict=True))
    return Cost(requests, rows, seconds, processor, processor / 3600 * machine.core_hour_price)


LARGE = Account(lists=500, messages=200_000, recipients=5_000, links=8, clickers=40, contacts=50_000_000)
"""500 lists and 1 billion activity rows: 400 messages of a list, to 5,000 people each."""
SMALLER = replace(LARGE, lists=50, messages=20_000, contacts=5_000_000)
CASES = (
    ("50 lists, 100 million rows of activity, one process", SMALLER, Machine()),
    ("500 lists, 1 billion, one process", LARGE, Machine()),
    ("the same, 200 ms latency", LARGE, Machine(latency=0.2)),
    ("the same, 8 processes, 50 ms", LARGE, Machine(processes=8)),
    ("the same, 40 requests a second allowed", LARGE, Machine(processes=8, requests_per_second=40)),
    ("32 processes, 200 allowed", LARGE, Machine(processes=32, requests_per_second=200)),
)


def table() -> str:
    """Write the table of docs/scale.md."""
    parts = " | ".join(part.capitalize() for part in PARTS)
    lines = [
        f"| First read of | Requests | {parts} | Core hours | Gives out first |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for title, account, machine in CASES:
        found = cost(account, machine)
        hours = [f"{found.seconds[part] / 3600:.1f} h" if found.seconds[part] else "none" for part in PARTS]
        lines.append(
            f"| {title} | {found.requests:,} | {' | '.join(hours)} | {found.processor_seconds / 3600:.1f} "
            f"(${found.price:.2f}) | {found.bound_by} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
