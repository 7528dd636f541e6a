"""Transactional sends by email: what a caller asks for is recorded, and nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from listrak_sandbox.clock import text_of
from listrak_sandbox.email.access import list_state
from listrak_sandbox.email.contacts import FieldValue  # noqa: TC001 - msgspec reads it
from listrak_sandbox.email.values import plausible
from listrak_sandbox.envelope import Answer, created, invalid
from listrak_sandbox.sandbox import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sandbox.sandbox import Call


class SendBody(msgspec.Struct, rename="camel"):
    """Body of a transactional send."""

    email_address: str
    segmentation_field_values: list[FieldValue] | None = None


def routes(template: str, message_of: Callable[[Call], object]) -> list[Route]:
    """Return the route that sends a transactional message.

    Args:
        template: The path of one message.
        message_of: Finds the message that a path names.
    """

    def send(call: Call) -> Answer:
        state = list_state(call)
        message_of(call)
        body = call.json(SendBody)
        if not plausible(body.email_address):
            raise invalid("emailAddress")
        for one in body.segmentation_field_values or ():
            if one.segmentation_field_id not in state.fields:
                raise invalid("segmentationFieldId")
        entry = {
            "at": text_of(call.now),
            "route": call.route.name,
            "listId": state.list_id,
            "transactionalMessageId": call.id("transactionalMessageId"),
            "emailAddress": body.email_address,
            "body": msgspec.to_builtins(body),
        }
        call.sandbox.store.log.append(entry)
        return created("null")  # as recorded: a text

    return [Route("POST", f"{template}/Message", send, frozenset({"List", "Message"}), body=True)]
