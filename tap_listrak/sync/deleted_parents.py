"""Parents that were deleted during the run: they were listed before, and now Listrak answers 404."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from listrak_api import routes
from listrak_api.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_api.routes import Route
    from tap_listrak.clients import Clients
    from tap_listrak.sync.repeated_warnings import RepeatedWarnings

PARENT_ROUTES: dict[str, Route] = {
    "importFileId": routes.LIST_IMPORT,
    "splitTestId": routes.SPLIT_TEST,
    "savedMessageId": routes.SAVED_MESSAGE,
    "transactionalMessageId": routes.TRANSACTIONAL_MESSAGE,
    "messageId": routes.MESSAGE,
    "conversationMessageId": routes.CONVERSATION_MESSAGE,
    "conversationId": routes.CONVERSATION,
    "segmentationFieldGroupId": routes.SEGMENTATION_FIELD_GROUP,
    "listId": routes.LIST,
    "phoneListId": routes.PHONE_LIST,
    "senderCodeId": routes.SENDER_CODE,
    "eventUID": routes.CUSTOM_EVENT,
}
"""The route that reads a parent, by the name of its id in a context; innermost parents first."""


def parent_was_deleted(
    clients: Clients, warnings: RepeatedWarnings, context: Mapping[str, Any], error: NotFoundError
) -> bool:
    """Return whether the parent of a context was deleted, after a read in it was answered 404.

    The 404 alone does not prove that. If it had another reason, rows would be lost without a message. Two
    answers of a gateway during an outage do not prove it either: both must be Listrak's own.

    Args:
        clients: For the request, at most one.
        warnings: Takes the warning.
        context: The context's ids.
        error: The 404.
    """
    name, owner = next(
        ((name, route) for name, route in PARENT_ROUTES.items() if name in context), ("", None)
    )
    if owner is None or not error.is_listraks:
        return False
    try:
        clients.client(owner.api).get(owner, context)
    except NotFoundError as parents:
        if not parents.is_listraks:
            return False
        warnings.add(
            f"Deleted during the run: {owner} answers 404 for %d ({name} %s). Their child records are "
            "skipped. In case they are there in the next run, bookmarks stay before them, and no "
            "ACTIVATE_VERSION is sent for what is below them",
            str(context[name]),
        )
        return True
    return False
