"""No input makes the sandbox answer 500, and what it answers fits the specification: bounded fuzzing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from vendor_spec import APIS, FOLDER, Models, loosened, needs_specs

from listrak_sandbox import app
from listrak_sandbox.config import Config
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs_specs

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "8"))
"""Inputs per operation, good ones and bad ones each; a nightly run takes more."""

REAL = {
    "listId": "40137",
    "messageId": "10000001",
    "conversationId": "1001",
    "conversationMessageId": "15000002",
    "transactionalMessageId": "1500",
    "segmentationFieldGroupId": "101",
    "segmentationFieldId": "1007",
    "importFileId": "100001",
    "senderCodeId": "410",
    "phoneListId": "7101",
    "phoneNumber": "14155550123",
}
"""Ids that exist, so that inputs get past the path."""


GOOD, BAD = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


def served() -> list[tuple[str, str, str, schemathesis.GenerationMode]]:
    """Operations served: API, method, path, and whether to meet them with good input or with bad."""
    if not FOLDER.is_dir():
        return []
    _, sandbox = app.build(Config(scale="tiny"))
    found = []
    for route in sandbox.routes:
        if route.integration in APIS:
            api = route.path.split("/")[1]
            # Without body and query only the path could be wrong, and a wrong path is another route.
            modes = (GOOD, BAD) if route.body or route.known_params() else (GOOD,)
            found += [(api, route.method, route.path.removeprefix(f"/{api}"), mode) for mode in modes]
    return sorted(found)


class Fuzzed:
    """A sandbox with a session, a loosened specification and the models of each API."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.url = sandbox.url
        self.schemas = {api: schemathesis.openapi.from_dict(loosened(api)) for api in APIS}
        self.models = {api: Models(api) for api in APIS}
        self.sessions = {api: requests.Session() for api in APIS}
        for api, session in self.sessions.items():
            session.headers["Authorization"] = f"Bearer {sandbox.token(api)}"

    def call(self, case: schemathesis.Case, api: str, method: str, path: str) -> None:
        """Send a case, and check what is answered."""
        answer = case.call(base_url=f"{self.url}/{api}", session=self.sessions[api])
        assert answer.status_code < 500, answer.content
        template = f"/{api}{path}"
        if self.models[api].documented(method, template, answer.status_code):
            self.models[api].check(method, template, answer.status_code, answer.json())
        else:
            assert answer.status_code in (405, 415)
            assert set(answer.json()) == {"status", "error", "message"}


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    with running_sandbox(scale="tiny") as sandbox:
        sandbox.settings(import_seconds=0, beta_seconds=0, imports_kept_days=0)
        yield Fuzzed(sandbox)


@pytest.mark.parametrize(("api", "method", "path", "mode"), served())
def test_any_input_is_answered_within_the_contract(
    fuzzed: Fuzzed, api: str, method: str, path: str, mode: schemathesis.GenerationMode
) -> None:
    operation = fuzzed.schemas[api][path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def check(case: schemathesis.Case, real: bool) -> None:  # noqa: FBT001  drawn
        if real and case.path_parameters:
            case.path_parameters.update(
                {name: one for name, one in REAL.items() if name in case.path_parameters}
            )
        fuzzed.call(case, api, method, path)

    check()
