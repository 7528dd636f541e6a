"""Every route against the vendor's specs, which lie beside the repository and are not part of it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_api import routes
from listrak_api.errors import RequestRefusedError
from listrak_api.routes import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

SPECS = Path(__file__).resolve().parents[4] / "shared" / "listrak-api"
ALL = {name: value for name, value in vars(routes).items() if isinstance(value, Route)}
# Reads of the specs that are left out: none so far.
LEFT_OUT: set[str] = set()

needs_specs = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the vendor's specs are not beside the repository"
)


def spec(api: str) -> dict[str, Any]:
    """The paths of one API below its name; that of Cross Channel has the version in its server's address."""
    paths = json.loads((SPECS / f"{api.replace('_', '-')}.json").read_text("utf-8"))["paths"]
    return {f"/v1{path}" if api == "cross_channel" else path: one for path, one in paths.items()}


def operation(route: Route) -> dict[str, Any]:
    # One path spells a parameter with a capital letter: {SenderCodeId}.
    paths = {path.replace("{SenderCodeId}", "{senderCodeId}"): one for path, one in spec(route.api).items()}
    return dict(paths[f"/v1{route.template}"][route.method.lower()])


@needs_specs
@pytest.mark.parametrize("name", ALL)
def test_a_route_is_what_the_spec_says(name: str) -> None:
    route = ALL[name]
    specified = operation(route)
    query = {item["name"] for item in specified.get("parameters", []) if item["in"] == "query"}
    assert route.query_names == query
    assert route.paged == ({"cursor", "count"} <= query)
    if route.api == "cross_channel":
        return  # it says nothing of collections and areas
    if route.method == "GET":
        schema = specified["responses"]["200"]["schema"]["$ref"]
        assert route.collection == ("Collection" in schema)
    (security,) = specified["security"]
    (areas,) = security.values()
    if areas:
        assert set(route.areas) == set(areas)
    else:
        # The spec names none for contacts and IP pools; for contacts the vendor's help does.
        assert set(route.areas) <= {"List", "Contact"}


@needs_specs
def test_every_read_of_the_specs_has_a_route() -> None:
    ours = {str(route) for route in ALL.values()}
    for api in ("email", "sms", "data", "cross_channel", "privacy"):
        for path, operations in spec(api).items():
            if "get" in operations:
                assert f"GET /{api.replace('_', '')}{path}" in ours | LEFT_OUT


def test_no_two_routes_are_the_same() -> None:
    assert len({str(route) for route in ALL.values()}) == len(ALL)


def test_nothing_that_sends_messages_to_people_can_be_called_but_single_transactional_sends() -> None:
    writes = [name for name, route in ALL.items() if route.method != "GET"]
    paths = {name: str(ALL[name]) for name in writes}
    sending = {
        name for name, path in paths.items() if any(one in path for one in ("Broadcast", "Message", "Resend"))
    }
    assert sending == {"SEND_TRANSACTIONAL_MESSAGE", "SEND_SMS_TRANSACTIONAL_MESSAGE"}


def test_a_route_is_filled_from_a_parents_whole_context() -> None:
    context = {"listId": 7, "messageId": 12, "subject": "not a part of the path"}
    assert routes.MESSAGE_ACTIVITY.path(context) == "/email/v1/List/7/Message/12/Activity"
    assert str(routes.MESSAGE_ACTIVITY) == "GET /email/v1/List/{listId}/Message/{messageId}/Activity"


def test_a_forgotten_id_is_a_mistake_of_the_callers() -> None:
    with pytest.raises(KeyError, match="listId"):
        routes.MESSAGES.path({"messageId": 1})


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_not_sent(value: str) -> None:
    with pytest.raises(RequestRefusedError, match="contactIdentifier is empty or consists of dots only"):
        routes.CONTACT.path({"listId": 7, "contactIdentifier": value})


class _Echo(BaseHTTPRequestHandler):
    """Answers with the path as it arrived."""

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text not in {".", ".."})
)
def test_any_value_arrives_as_one_segment_and_unchanged(echo: str, value: str) -> None:
    path = routes.CONTACT.path({"listId": 7, "contactIdentifier": value})
    arrived = requests.get(echo + path, timeout=30).text
    head, _, segment = arrived.rpartition("/")
    assert head == "/email/v1/List/7/Contact"
    assert unquote(segment, errors="strict") == value
