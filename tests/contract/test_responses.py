"""Answers of the sandbox against the vendor's models: all routes, with success, and every kind of refusal."""

from __future__ import annotations

import base64
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
import requests
from vendor_spec import APIS, DIFFERENT, Models, load, needs_specs

from listrak_sandbox import app
from listrak_sandbox.deviations import DEVIATIONS
from listrak_sandbox.sandbox import Call
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sandbox.sandbox import Route

pytestmark = needs_specs

IDS = {
    "conversationMessageId": "messageId",
    "conversationMessageLinkId": "linkId",
    "messageLinkId": "linkId",
    "senderCodeId": "shortCodeId",
    "contactIdentifier": "emailAddress",
    "importFileId": "importFileId",
}
"""What a path calls a value that records call otherwise."""

EACH = 2
"""How many records of a collection the walk goes on from."""


class Contract:
    """A sandbox with tokens, and the models its answers are checked against."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.tokens = {api: sandbox.token(api) for api in APIS}
        self.models = {api: Models(api) for api in APIS}
        self.filled: dict[str, set[str]] = defaultdict(set)
        self.seen: dict[str, set[int]] = defaultdict(set)
        self.params_read: dict[str, set[str]] = defaultdict(set)
        self.session = requests.Session()

    @property
    def routes(self) -> dict[str, Route]:
        assert self.sandbox.sandbox is not None
        return {route.name: route for route in self.sandbox.sandbox.routes if route.integration in APIS}

    def call(
        self,
        name: str,
        ids: dict[str, Any],
        body: object = None,
        *,
        token: str | None = None,
        **query: object,
    ) -> tuple[int, Any]:
        """Call a route by its name, and check whatever is answered."""
        method, template = name.split(" ")
        api = template.split("/")[1]
        path = template
        for key, value in ids.items():
            path = path.replace(f"{{{key}}}", requests.utils.quote(str(value), safe=""))
        answer = self.session.request(
            method,
            self.sandbox.url + path,
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.tokens[api] if token is None else token}"},
            timeout=60,
        )
        assert answer.headers["content-type"].startswith("application/json")
        self.check(name, answer.status_code, answer.json())
        self.seen[name].add(answer.status_code)
        return answer.status_code, answer.json()

    def check(self, name: str, status: int, found: object) -> None:
        method, template = name.split(" ")
        api = template.split("/")[1]
        self.models[api].check(method, template, status, found)
        differs = DIFFERENT.get((name, status))
        inner = found["data"] if differs and differs.enveloped and isinstance(found, dict) else found
        self._note(api, self.models[api].documented(method, template, status) or {}, inner)

    def _note(self, api: str, schema: dict[str, Any], value: object) -> None:
        """Note which properties of which models have been seen with a value."""
        if value is None:
            return
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/definitions/")
            model = load_once(api)["definitions"][name]
            if isinstance(value, dict):
                for key, one in value.items():
                    if one is not None and key in model.get("properties", {}):
                        self.filled[f"{api} {name}"].add(key)
                        self._note(api, model["properties"][key], one)
        elif schema.get("type") == "array" and isinstance(value, list):
            for one in value:
                self._note(api, schema["items"], one)


_LOADED: dict[str, dict[str, Any]] = {}


def load_once(api: str) -> dict[str, Any]:
    if api not in _LOADED:
        _LOADED[api] = load(api)
    return _LOADED[api]


@pytest.fixture(scope="module")
def contract() -> Iterator[Contract]:
    """A sandbox whose handlers' query parameters are noted as they are read."""
    read: dict[str, set[str]] = defaultdict(set)

    class Noting(dict[str, str]):
        """A query that notes which of its parameters somebody asks for."""

        name = ""

        def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401
            read[self.name].add(key)
            return super().get(key, default)

        def __getitem__(self, key: str) -> str:
            read[self.name].add(key)
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            read[self.name].add(str(key))
            return super().__contains__(key)

    def noting_call(**members: Any) -> Call:  # noqa: ANN401
        members["query"] = Noting(members["query"])
        members["query"].name = members["route"].name
        return Call(**members)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "Call", noting_call)
        with running_sandbox(scale="tiny") as sandbox:
            # Kept for ever, so that the walk meets imports of every kind.
            sandbox.settings(import_seconds=0, beta_seconds=0, imports_kept_days=0)
            found = Contract(sandbox)
            found.params_read = read
            yield found


def walk(contract: Contract) -> None:
    """Call every GET route, from the collections without parents down, with ids that were answered."""
    todo: list[tuple[str, dict[str, Any]]] = []
    routes = [name for name in contract.routes if name.startswith("GET ")]

    def names(template: str) -> list[str]:
        return [part[1:-1] for part in template.split("/") if part.startswith("{")]

    def go_on(name: str, ids: dict[str, Any], record: dict[str, Any]) -> None:
        """Plan the routes below a collection that one of its records opens."""
        template = name.split(" ")[1]
        for other in routes:
            beyond = other.split(" ")[1].removeprefix(template)
            wanted = [one for one in names(other.split(" ")[1]) if one not in ids]
            if beyond == other.split(" ")[1] or not beyond.startswith("/{") or len(wanted) != 1:
                continue
            value = record.get(IDS.get(wanted[0], wanted[0]), record.get(wanted[0]))
            if value is not None:
                todo.append((other, {**ids, wanted[0]: value}))

    todo += [(name, {}) for name in routes if not names(name)]
    while todo:
        name, ids = todo.pop()
        status, found = contract.call(name, ids)
        assert status == 200, f"{name} {ids}: {found}"
        rows = found["data"] if isinstance(found.get("data"), list) else []
        for record in [*rows[:EACH], *rows[-1:]]:
            go_on(name, ids, record)
        # A single thing's own collections hang on the same ids.
        template = name.split(" ")[1]
        if template.endswith("}"):
            todo += [
                (other, ids)
                for other in routes
                if other.split(" ")[1].startswith(f"{template}/")
                and names(other.split(" ")[1]) == names(template)
            ]


def writes(contract: Contract) -> list[tuple[str, dict[str, Any], object, int]]:
    """One call of every route that writes, with the status it must have."""
    list_id = contract.call("GET /email/v1/List", {})[1]["data"][0]["listId"]
    of_list = {"listId": list_id}
    group = {**of_list, "segmentationFieldGroupId": 0}
    field = {**group, "segmentationFieldId": 0}
    groups, fields = (
        "/email/v1/List/{listId}/SegmentationFieldGroup",
        "/{segmentationFieldGroupId}/SegmentationField",
    )
    code = {"senderCodeId": 410}
    one = {**code, "phoneListId": 7101}
    new = {**one, "phoneNumber": "14155550123"}
    sms = "/sms/v1/ShortCode/{senderCodeId}"
    file = base64.b64encode(b"a@example.com,1\nb@example.com,2\n").decode()
    email_import = {
        "fileDelimiter": ",",
        "fileMappings": [{"fileColumn": 0, "fileColumnType": "Email"}],
        "fileName": "contract.csv",
        "fileStream": file,
        "importType": "AddSubscribers",
        "segmentationImportType": "Update",
        "hasColumnNames": False,
        "textQualifier": '"',
    }
    sms_import = {
        "fileName": "contract.csv",
        "fileStream": file,
        "importType": "UpdateSubscribers",
        "hasColumnNames": False,
        "textQualifier": "",
        "fileMappings": [{"fileColumnType": "Phone", "segmentationFieldId": 0, "fileColumn": 0}],
    }
    contact = {"emailAddress": "contract@example.com", "segmentationFieldValues": []}
    a_field = {"segmentationFieldName": "Contract", "dataType": "Text", "maxLength": 20, "position": 1}
    review = {"providerReviewID": "1", "provider": "p", "providerProductID": "1", "title": "t"}
    review |= {"featured": True, "recommended": True}
    value = {"segmentationFieldId": 1, "value": "on"}
    beta = [{"emailAddress": "contract@example.com", "segmentationFieldValues": [value]}]
    return [
        ("POST /email/v1/List", {}, new_list(contract, list_id), 201),
        ("POST /email/v1/List/{listId}/Contact", of_list, contact, 201),
        (f"POST {groups}", of_list, {"segmentationFieldGroupName": "Contract", "position": 9}, 201),
        (
            f"PUT {groups}/{{segmentationFieldGroupId}}",
            group,
            {"segmentationFieldGroupName": "Contract 2", "position": 9},
            200,
        ),
        (f"POST {groups}{fields}", group, a_field, 201),
        (
            f"PUT {groups}{fields}/{{segmentationFieldId}}",
            field,
            {**a_field, "segmentationFieldName": "C2"},
            200,
        ),
        ("POST /email/v1/List/{listId}/Contact/SegmentationField", of_list, beta, 201),
        (f"DELETE {groups}{fields}/{{segmentationFieldId}}/Values", field, None, 200),
        (f"DELETE {groups}{fields}/{{segmentationFieldId}}", field, None, 200),
        (f"DELETE {groups}/{{segmentationFieldGroupId}}", group, None, 200),
        ("POST /email/v1/List/{listId}/EventGroup", of_list, {"eventGroupName": "Contract"}, 201),
        ("POST /email/v1/List/{listId}/Event", of_list, {"eventName": "Contract", "eventGroupId": 0}, 201),
        ("POST /email/v1/List/{listId}/Contact", of_list, {**contact, "segmentationFieldValues": None}, 200),
        ("POST /email/v1/List/{listId}/ListImport", of_list, email_import, 201),
        (f"POST {sms}/PhoneList/{{phoneListId}}/Contact", one, {"phoneNumber": new["phoneNumber"]}, 201),
        (f"PUT {sms}/Contact", code, {"phoneNumber": new["phoneNumber"], "firstName": "New"}, 200),
        (f"DELETE {sms}/ContactUnsubscribe/{{phoneNumber}}/PhoneList/{{phoneListId}}", new, None, 200),
        (f"POST {sms}/Contact/{{phoneNumber}}/PhoneList/{{phoneListId}}", new, None, 201),
        (f"POST {sms}/ContactImport", code, sms_import, 201),
        ("POST /data/v1/Customer", {}, [{"customerNumber": "1", "email": "contract@example.com"}], 201),
        ("POST /data/v1/Order", {}, [{"orderNumber": "1"}], 201),
        ("POST /data/v1/Product", {}, [{"sku": "1"}], 201),
        ("POST /data/v1/Review", {}, [review], 201),
        ("POST /data/v1/RatingSummary", {}, [{"providerProductID": "1"}], 201),
    ]


def new_list(contract: Contract, list_id: int) -> dict[str, Any]:
    """A list like an existing one, with a name of its own."""
    found: dict[str, Any] = contract.call("GET /email/v1/List/{listId}", {"listId": list_id})[1]["data"]
    return {
        **{key: one for key, one in found.items() if key not in ("listId", "createDate")},
        "listName": "Contract",
    }


def do_writes(contract: Contract) -> None:
    made: dict[str, Any] = {}
    for name, ids, body, status in writes(contract):
        ids |= {key: made[key] for key in ids if ids[key] == 0}
        if "segmentationFieldId" in made and isinstance(body, list) and "segmentationFieldValues" in body[0]:
            body[0]["segmentationFieldValues"][0]["segmentationFieldId"] = int(made["segmentationFieldId"])
        found = contract.call(name, ids, body)
        assert found[0] in (status, 202 if name.endswith("/Values") else status), f"{name}: {found}"
        if status == 201 and name.endswith("SegmentationFieldGroup"):
            made["segmentationFieldGroupId"] = found[1]["resourceId"]
        elif status == 201 and name.endswith("/SegmentationField"):
            made["segmentationFieldId"] = found[1]["resourceId"]


@pytest.fixture(scope="module")
def walked(contract: Contract) -> Contract:
    """After every route was called with success; the answers are checked on the way."""
    do_writes(contract)
    walk(contract)
    # What no collection leads to.
    code = "/sms/v1/ShortCode/{senderCodeId}"
    for place, ids, body in (
        ("/email/v1/List/{listId}", {"listId": 40137}, {"emailAddress": "contract@example.com"}),
        (
            f"{code}/PhoneList/{{phoneListId}}",
            {"senderCodeId": 410, "phoneListId": 7101},
            {"phoneNumber": "12165550199"},
        ),
    ):
        messages = f"{place}/TransactionalMessage"
        one = contract.call(f"GET {messages}", ids)[1]["data"][0]["transactionalMessageId"]
        path = {**ids, "transactionalMessageId": one}
        contract.call(f"POST {messages}/{{transactionalMessageId}}/Message", path, body)
    contract.call(f"GET {code}/ContactImport/{{importFileId}}", {"senderCodeId": 410, "importFileId": 50_001})
    contract.call(f"GET {code}/PhoneList", {"senderCodeId": 410}, status="inactive")
    for query in ({"standing": "opted_out"}, {"state": "pending"}, {"state": "unsubscribed"}):
        some = contract.sandbox.control("GET", "sms-contacts", senderCodeId=410, phoneListId=7102, **query)
        for each in some[:10]:
            somebody = {"senderCodeId": 410, "phoneNumber": each["phoneNumber"]}
            contract.call(f"GET {code}/Contact/{{phoneNumber}}", somebody)
            contract.call(f"GET {code}/Contact/{{phoneNumber}}/PhoneList", somebody)
    for one in contract.call("GET /email/v1/List", {})[1]["data"]:
        ids = {"listId": one["listId"]}
        contract.call("GET /email/v1/List/{listId}/Contact", ids, subscriptionState="Unsubscribed")
    return contract


def test_every_route_answers_with_success_as_its_model_says(walked: Contract) -> None:
    never = [name for name in walked.routes if not walked.seen[name] & {200, 201, 202}]
    assert never == []


def test_every_property_of_every_model_that_is_answered_is_filled_somewhere(walked: Contract) -> None:
    empty = {
        model: missing
        for model, filled in sorted(walked.filled.items())
        if "[" not in model
        and (
            missing := load_once(model.split()[0])["definitions"][model.split()[1]]["properties"].keys()
            - filled
        )
    }
    assert {f"{model}.{name}" for model, names in empty.items() for name in names} == {
        name for one in DEVIATIONS for name in one.always_null
    }


def test_handlers_read_no_query_parameter_that_the_specification_lacks(walked: Contract) -> None:
    wrong = {}
    for name in walked.routes:
        method, template = name.split(" ")
        operation = walked.models[template.split("/")[1]].operations[method, template]
        known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        if walked.params_read[name] - known:
            wrong[name] = sorted(walked.params_read[name] - known)
    assert wrong == {}


def test_every_answer_that_differs_from_its_specification_was_given(walked: Contract) -> None:
    assert [key for key in DIFFERENT if key[1] not in walked.seen[key[0]]] == []


def test_refusals_are_as_specified(walked: Contract) -> None:
    """Without a token, with an id that nothing has, with one that is no number, and with a bad count."""
    for name, route in walked.routes.items():
        ids = {part[1:-1]: "987654321" for part in route.path.split("/") if part.startswith("{")}
        body = {} if route.body else None
        assert walked.call(name, ids, body, token="nonsense")[0] == 401, name
        if ids:
            assert walked.call(name, ids, body)[0] in (400, 404), name
            assert walked.call(name, dict.fromkeys(ids, "x"), body)[0] in (400, 404), name
        if route.paged:
            assert walked.call(name, ids, body, count="many")[0] in (400, 404), name


def test_routes_that_are_not_there_and_methods_that_are_not_served(contract: Contract) -> None:
    for path, method, status, code in (
        ("/email/v1/Nothing", "GET", 404, "ERROR_UNKNOWN_ROUTE"),
        ("/sms/v1/ShortCode", "DELETE", 405, "ERROR_UNSUPPORTED_METHOD"),
        ("/data/v1/Order", "GET", 405, "ERROR_UNSUPPORTED_METHOD"),
    ):
        headers = {"Authorization": f"Bearer {contract.tokens[path.split('/')[1]]}"}
        answer = contract.session.request(method, contract.sandbox.url + path, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error"]) == (status, code)
