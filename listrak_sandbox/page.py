"""The page at ``/``, for a person: what the account has, what was written, and the latest requests."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from listrak_sandbox import import_page
from listrak_sandbox.clock import text_of
from listrak_sandbox.data import DataApi
from listrak_sandbox.envelope import Answer, ApiError
from listrak_sandbox.markup import (
    STYLE,
    Html,
    button,
    chip,
    element,
    join,
    link,
    section,
    table,
    text,
    tile,
)
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.sms import SmsApi
from listrak_sandbox.sms.account import instant_text
from listrak_sandbox.sms.world import PENDING, SUBSCRIBED
from listrak_sandbox.store import SUBSCRIBED as EMAIL_SUBSCRIBED
from listrak_sandbox.store import UNSUBSCRIBED as EMAIL_UNSUBSCRIBED
from listrak_sandbox.world.calendar import world_time
from listrak_sandbox.world.past_imports import PastImport, past_imports

if TYPE_CHECKING:
    from listrak_sandbox.sandbox import Sandbox
    from listrak_sandbox.sms.imports import Job as SmsJob
    from listrak_sandbox.store import ListImport, ListState

IMPORTS = 8
REQUESTS = 40
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "cache-control": "no-store",
}
_OK, _REFUSED, _BROKEN = 200, 400, 500


def count_contacts(state: ListState, when: int) -> tuple[int, int]:
    """Count a list's subscribed and unsubscribed contacts at a world time."""
    states = [contact.state for contact in state.order]
    subscribed, left = states.count(EMAIL_SUBSCRIBED), states.count(EMAIL_UNSUBSCRIBED)
    if state.generated_list is not None:
        population = state.generated_list.population
        there = population.count(when)
        gone = sum(
            1
            for index, moves in population.changed(when).items()
            if index < there and index not in state.taken and sum(move < when for move in moves) % 2
        )
        generated_contact = there - sum(index < there for index in state.taken)
        subscribed += generated_contact - gone
        left += gone
    return subscribed, left


def _email_lists(sandbox: Sandbox, when: int) -> Html:
    rows = []
    for state in sandbox.store.lists.values():
        subscribed, left = count_contacts(state, when)
        generated_list = state.generated_list
        rows.append(
            [
                state.record["listName"],
                str(state.list_id),
                subscribed,
                left,
                len(generated_list.broadcasts(when)) if generated_list else 0,
                len(generated_list.conversations(when)) if generated_list else 0,
                len(state.fields),
            ]
        )
    titles = ("List", "#Id", "#Subscribed", "#Unsubscribed", "#Messages", "#Conversations", "#Profile fields")
    return section("Email lists", "", table(titles, rows, "No lists."))


def _phone_lists(sms: SmsApi, now: str) -> Html:
    rows: list[list[object]] = []
    account = sms.account
    for code in account.codes:
        everybody = account.everybody(code, now)
        out = {contact.phone for contact in everybody if account.opted_out(contact, now)}
        for one in code.lists:
            states = [account.state(contact, one.id, now) for contact in everybody if one.id in contact.lists]
            state = "disabled code" if code.disabled else "active" if one.active else "inactive"
            rows.append(
                [
                    one.name,
                    str(one.id),
                    join([code.code, " ", element("span", code.merchant, "soft")]),
                    chip(state, "good" if state == "active" else "warn"),
                    states.count(SUBSCRIBED),
                    states.count(PENDING),
                    len(everybody),
                    len(out),
                ]
            )
    titles = (
        "Phone list", "#Id", "Sender code", "State", "#Subscribed", "#Pending", "#Contacts of code",
        "#Opted out",
    )  # fmt: skip
    return section("Phone lists", "", table(titles, rows, "No phone lists."))


def _summary_text(summary: dict[str, object]) -> Html:
    """Write the counts of an import's summary that are not 0, the processed ones first."""
    words = {
        name.removesuffix("Count"): count
        for name, count in sorted(summary.items(), key=lambda one: one[0] != "processedCount")
        if count
    }
    spaced = ("".join(f" {one.lower()}" if one.isupper() else one for one in word) for word in words)
    parts = [join([count, " ", word]) for word, count in zip(spaced, words.values(), strict=True)]
    return join(parts, " · ") if parts else text(None)


def _status_chip(status: str, ended: object) -> Html:
    bad = any(word in status.lower() for word in ("fail", "error", "cancel"))
    return chip(status, "bad" if bad else "good" if ended else "warn")


def _imports(sandbox: Sandbox, sms: SmsApi, when: int) -> Html:
    rows: list[tuple[str, list[object]]] = []

    def add(path: str, name: object, where: object, status: dict[str, Any], summary: Html) -> None:
        shown = _status_chip(str(status["status"]), status["endDate"])
        started = str(status["startDate"])
        rows.append((started, [_short(started), link(path, name), where, shown, summary]))

    for state in sandbox.store.lists.values():
        jobs: list[ListImport | PastImport] = [*state.imports.values()]
        jobs += past_imports(state.generated_list, when)[-IMPORTS:] if state.generated_list else []
        for job in jobs[-IMPORTS:] if not state.imports else jobs:
            status, summary = _status_and_summary(job, when)
            path = f"/import/{state.list_id}/{job.import_id}"
            name = job.record()["importFileName"]
            add(path, name, state.record["listName"], status, _summary_text(summary))
    for one in sms.imports.jobs:
        path = f"/sms-import/{one.id}"
        add(path, one.body.file_name, f"SMS {one.code.code}", sms.imports.record(one), _sms_summary(one))
    rows.sort(key=lambda row: row[0], reverse=True)
    titles = ("!Started", "~File", "Into", "Status", "~Summary")
    return section("Recent imports", "", table(titles, [row for _, row in rows[:IMPORTS]], "No imports."))


def _status_and_summary(job: ListImport | PastImport, when: int) -> tuple[dict[str, Any], dict[str, object]]:
    if isinstance(job, PastImport):
        return job.status(when), job.summary(when)
    return job.status_record(), job.summary()


def _sms_summary(job: SmsJob) -> Html:
    return join([len(job.rows), " rows · ", len(job.updated), " updated · ", job.unknown, " dropped"])


def _short(at: str) -> str:
    """Cut the fraction of a second off a date-time, and put a space for the T."""
    return at[:19].replace("T", " ")


def _requests(sandbox: Sandbox) -> Html:
    rows = [
        [
            _short(str(one["at"])),
            element("code", one["route"]),
            _request_chip(int(str(one["status"]))),
            f"{one['milliseconds']:.1f}",
            one["bytes"],
            ", ".join(map(str, one["unknown_parameters"] or ())),  # type: ignore[call-overload]
        ]
        for one in list(sandbox.log.latest)[-REQUESTS:][::-1]
    ]
    titles = ("!At", "Route", "Status", "#Milliseconds", "#Bytes", "Unknown parameters")
    return section("Recent requests", "newest first", table(titles, rows, "No requests yet."))


def _routes(sandbox: Sandbox) -> Html:
    """Return the requests by route: all of them counted, times and refusals of the latest."""
    latest: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for one in sandbox.log.latest:
        latest[str(one["route"])].append((int(str(one["status"])), float(str(one["milliseconds"]))))
    rows = []
    for route, count in sandbox.log.by_route.most_common():
        some = latest[route]
        refused = sum(not _OK <= status < _REFUSED for status, _ in some)
        mean = f"{sum(milliseconds for _, milliseconds in some) / len(some):.1f}" if some else ""
        rows.append([element("code", route), count, chip(str(refused), "warn") if refused else "", mean])
    titles = ("Route", "#Requests", "#Refused or failed", "#Mean milliseconds")
    return section(
        "Requests by route",
        "refusals and times are of the latest 500",
        table(titles, rows, "No requests yet."),
    )


PLUGINS = {
    "tap_listrak": {"email": "", "sms": "sms_", "cross_channel": "cross_channel_"},
    "target_listrak": {
        "email": "",
        "sms": "sms_",
        "data": "data_",
        "cross_channel": "cross_channel_",
        "privacy": "privacy_",
    },
}
"""Integrations that the plugins have settings for, and what the settings' names begin with."""


def _connection(sandbox: Sandbox, host: str) -> Html:
    """Return the settings that point the tap and the target at this sandbox, to be copied."""
    lines = []
    for plugin, kinds in PLUGINS.items():
        lines += [f"{plugin}_API_URL=http://{host}", f"{plugin}_AUTH_URL=http://{host}/OAuth2/Token"]
        for kind, prefix in kinds.items():
            known = sandbox.settings.integrations[kind]
            lines.append(f"{plugin}_{prefix}client_id={known.client_id}")
            lines.append(f"{plugin}_{prefix}client_secret={known.client_secret}")
    lines = [f"{name.upper()}={value}" for name, _, value in (line.partition("=") for line in lines)]
    hint = join(
        ["Into ", element("code", ".env"), " of a Meltano project, or into the environment of ",
         element("code", "tap-listrak --config=ENV"), ". One click selects all."]
    )  # fmt: skip
    box = element("div", element("pre", "\n".join(lines)), "card")
    return element(
        "details", join([element("summary", "Point your tap and target here"), element("p", hint), box])
    )


MOST_SECONDS = 366.0 * 86_400
"""How far one click may move the clock, in seconds."""
CLOCK_BUTTONS = (("advance=3600", "+1 hour"), ("advance=86400", "+1 day"), ("advance=604800", "+7 days"))


def _clock_buttons(sandbox: Sandbox) -> Html:
    frozen = sandbox.clock.frozen
    stop = ("frozen=false", "let it run") if frozen else ("frozen=true", "stop it")
    return element(
        "div", join(button(f"/clock?{query}", word) for query, word in (*CLOCK_BUTTONS, stop)), "buttons"
    )


def _request_chip(status: int) -> Html:
    if not status:
        return chip("no answer", "bad")
    tone = "good" if status < _REFUSED else "warn" if status < _BROKEN else "bad"
    return chip(str(status), tone)


def _faults(sandbox: Sandbox) -> Html:
    rows = [
        [element("code", fault.spec.kind), fault.kind.text, fault.spec.route or "", fault.matched, fault.hits]
        for hook in sandbox.hooks
        for fault in getattr(hook, "active", ())
    ]
    if not rows:
        return Html("")
    return section("Faults", "", table(("Kind", "~What happens", "Route", "#Matched", "#Struck"), rows, ""))


def _written(sandbox: Sandbox) -> Html:
    """Return the retail data that was written, if any."""
    rows = [
        [name, len(one.rows), len(one.arrays)]
        for api in sandbox.apis
        if isinstance(api, DataApi)
        for name, one in api.stored.items()
        if one.arrays
    ]
    if not rows:
        return Html("")
    return section("Retail data", "", table(("Kind", "#Rows", "#Arrays"), rows, ""))


def _document(body: Html, reload: str = "") -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Listrak sandbox</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{reload}<style>{STYLE}</style>'
        f"</head><body><main>{body}</main></body></html>"
    )


def render(sandbox: Sandbox, host: str, *, refresh: int = 0) -> str:
    """Write the page.

    Args:
        sandbox: What it is about.
        host: The host and port that the browser asked for.
        refresh: Seconds after which the browser loads it again; 0: never.
    """
    now = sandbox.clock.now()
    when = world_time(now)
    sms = next(one for one in sandbox.apis if isinstance(one, SmsApi))
    sms.imports.settle(instant_text(now))
    log = sandbox.log
    subscribed = sum(count_contacts(state, when)[0] for state in sandbox.store.lists.values())
    errors = sum(count for status, count in log.by_status.items() if not _OK <= status < _REFUSED)
    tiles = [
        tile(subscribed, "subscribed contacts"),
        tile(log.by_route.total(), "requests"),
        tile(errors, "refused or failed"),
        tile(log.max_in_flight, "most in flight at once"),
        tile(sandbox.seed, "seed"),
        tile(sandbox.scale, "scale"),
    ]
    clock = f"{_short(text_of(now))} UTC{', standing still' if sandbox.clock.frozen else ''}"
    reload = '<meta http-equiv="refresh" content="' + str(refresh) + '">' if refresh else ""
    links = '<a href="/">once</a> <a href="/?refresh=3">every 3 s</a>'
    body = join(
        [
            Html('<header><h1>Listrak <span>sandbox</span></h1><p class="soft">its clock: '),
            clock,
            Html("</p>"),
            _clock_buttons(sandbox),
            Html(f'<nav><span class="soft">reload</span> {links}</nav></header>'),
            element("div", join(tiles), "tiles"),
            _connection(sandbox, host),
            _faults(sandbox),
            _email_lists(sandbox, when),
            _imports(sandbox, sms, when),
            _phone_lists(sms, instant_text(now)),
            _written(sandbox),
            _routes(sandbox),
            _requests(sandbox),
        ]
    )
    return _document(body, reload)


def _answer(html: str) -> Answer:
    return Answer(200, html.encode(), dict(HEADERS), "text/html; charset=utf-8")


def _page(call: Call) -> Answer:
    asked = call.query.get("refresh", "")
    refresh = min(int(asked), 3600) if asked.isascii() and asked.isdigit() else 0
    return _answer(render(call.sandbox, call.headers.get("host", ""), refresh=refresh))


def _below(content: Html) -> Answer:
    header = Html('<header><h1>Listrak <span>sandbox</span></h1><nav><a href="/">back</a></nav></header>')
    return _answer(_document(join([header, content])))


def _email_import(call: Call) -> Answer:
    when = world_time(call.sandbox.clock.now())
    return _below(import_page.email_import(call.sandbox, call.id("listId"), call.id("importFileId"), when))


def _sms_import(call: Call) -> Answer:
    sms = next(one for one in call.sandbox.apis if isinstance(one, SmsApi))
    sms.imports.settle(instant_text(call.sandbox.clock.now()))
    return _below(import_page.sms_import(sms, call.id("importFileId")))


def _set_clock(call: Call) -> Answer:
    """Do what a button of the page says, and redirect to the page.

    Raises:
        ApiError: 403, another site's page sent this.
    """
    if call.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ApiError(403, "ERROR_FORBIDDEN", "Only the sandbox's own page may set its clock here.")
    seconds = call.query.get("advance", "")
    call.sandbox.clock.set(
        frozen=call.flag("frozen") if "frozen" in call.query else None,
        advance_seconds=min(float(seconds), MOST_SECONDS) if seconds.isascii() and seconds.isdigit() else 0.0,
    )
    return Answer(303, b"", {"location": "/"})


def install(sandbox: Sandbox) -> list[Route]:  # noqa: ARG001  the signature all extensions share
    """Return the routes of the pages."""
    return [
        Route("GET", "/", _page),
        Route("GET", "/import/{listId}/{importFileId}", _email_import),
        Route("GET", "/sms-import/{importFileId}", _sms_import),
        Route("POST", "/clock", _set_clock),
    ]
