"""Where recordings of the real service, or clients that run against it, contradict the specifications.

One list: the page about the sandbox shows it as a table, and the contract tests take from it which answers
need not be as their specification says.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """One behaviour in which the sandbox follows what was recorded.

    Attributes:
        subject: A route, or a kind of value.
        spec: What the specification says.
        recorded: What was recorded, and what the sandbox does by default.
        evidence: ``H``, a recorded answer of the real service; ``M``, code that runs against it, or a
            statement by somebody who saw it.
        setting: The setting, with the value that gives the specification's behaviour.
        operations: Names of the routes whose answers differ from their models (``GET /sms/v1/…``).
        status: HTTP status of those answers.
        as_status: The documented status whose model such an answer has; None: `status` itself.
        always_null: Properties of models that are null in every answer, ``data ResourceCreated.resourceId``.
        enveloped: The answer's ``data`` is as the model says, not the answer.
    """

    subject: str
    spec: str
    recorded: str
    evidence: str
    setting: str
    operations: tuple[str, ...] = ()
    status: int = 200
    as_status: int | None = None
    enveloped: bool = False
    always_null: tuple[str, ...] = ()


DEVIATIONS = (
    Deviation(
        "dates in answers",
        "`date-time`, which has an offset",
        "US Eastern wall time without an offset",
        "H",
        "`answer_offsets: true` (another zone: `answer_time_zone`)",
    ),
    Deviation(
        "dates in queries",
        "`date-time`",
        "also `MM-DD-YYYY` and `MM-DD-YY`; whether an offset counts is unknown",
        "M",
        "`query_dates`",
    ),
    Deviation(
        "a refused token request",
        "`ERROR_INVALID_CREDENTIALS` in an envelope",
        '400 `{"error": "Invalid Credentials"}`, no status',
        "H",
        "`token_refusal: envelope`",
    ),
    Deviation(
        "`POST Contact`, known address",
        "201",
        "200",
        "H",
        "`contact_answer: key`",
        operations=("POST /email/v1/List/{listId}/Contact",),
        as_status=201,
    ),
    Deviation(
        "`POST Contact`, `resourceId`",
        "the identifier of the contact",
        "the address",
        "H",
        "`contact_answer: key`",
    ),
    Deviation(
        "`POST Contact`, `segmentationFieldValues`",
        "an array, required",
        "null is taken as an empty array",
        "H",
        "none: both are taken",
    ),
    Deviation(
        "`POST Contact`, unsubscribed address without `overrideUnsubscribe`",
        "updated; only events are refused",
        "400 `ERROR_UNSUBSCRIBED_EMAIL_ADDRESS`",
        "H",
        "`subscribe_unsubscribed: updated`",
    ),
    Deviation(
        "a single phone list (SMS)",
        "the record alone; its example is an array in an envelope",
        "the record in an envelope",
        "M",
        "`sms_single_form: bare`",
        operations=(
            "GET /sms/v1/ShortCode/{senderCodeId}/PhoneList/{phoneListId}",
            (
                "GET /sms/v1/ShortCode/{senderCodeId}/PhoneList/{phoneListId}"
                "/TransactionalMessage/{transactionalMessageId}"
            ),
        ),
        enveloped=True,
    ),
    Deviation(
        "a phone number in a path",
        "`ERROR_INVALID_PHONE_NUMBER` for an invalid format",
        "404 `ERROR_UNABLE_TO_LOCATE_RESOURCE` for any other form than 11 digits",
        "M",
        "`sms_path_form: any`",
    ),
    Deviation(
        "unsubscribing a pending phone number",
        "`ERROR_PENDING_PHONE_NUMBER`",
        "400 `ERROR_PHONE_NUMBER_NOT_SUBSCRIBED`",
        "M",
        "`sms_unsubscribe_pending: pending`",
    ),
    Deviation(
        "a record that the Data API cannot use",
        "400",
        "201, dropped silently",
        "H",
        "`data_validation: strict`",
    ),
    Deviation(
        "`resourceId` of the Data API",
        "a text",
        "null",
        "H",
        "`data_resource_id: number`",
        always_null=("data ResourceCreated.resourceId",),
    ),
)  # fmt: skip
"""All of them, in the order of the page's table."""
