"""The kinds of destination, and the loader of each.

A new kind of destination needs:

- a subclass of `delivery.loader.Loader` in the package of its channel, which states `kinds` and implements
  `resolve`, `schema`, `take` and `flush`; and `take_leaving` if records can remove their contact, `fills`,
  `mirror_of` and `possible_keys` if it can be mirrored, `columns_wanted`, `prepare` and `take_many` for the
  fast path;
- an entry in `LOADERS` below;
- its options: each in `config.destination_options`; the options of the kind, and the required ones, in
  `config.kind_options`; checks of several options together in `config.destination_checks`.

The steps beyond the code (sandbox, tests, documentation) are in docs/architecture.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.channels.cross_channel.loader import CustomEventsLoader
from target_listrak.channels.email.audience import AudienceLoader
from target_listrak.channels.email.event_loader import EmailEventsLoader
from target_listrak.channels.email.kinds import EmailListLoader, EmailUnsubscribeLoader, ProfileFieldsLoader
from target_listrak.channels.email.message_loader import TransactionalMessageLoader
from target_listrak.channels.privacy.loader import ForgetLoader
from target_listrak.channels.retail.loader import RetailLoader
from target_listrak.channels.retail.order_items import OrderItemsLoader
from target_listrak.channels.sms.kinds import (
    SmsListLoader,
    SmsOptOutLoader,
    SmsProfilesLoader,
    SmsUnsubscribeLoader,
)
from target_listrak.channels.sms.message_loader import SmsTransactionalMessageLoader

if TYPE_CHECKING:
    from target_listrak.delivery.loader import Loader

__all__ = ["LOADERS"]

LOADERS: dict[str, type[Loader]] = {
    kind: loader
    for loader in (
        EmailListLoader,
        EmailUnsubscribeLoader,
        ProfileFieldsLoader,
        EmailEventsLoader,
        TransactionalMessageLoader,
        SmsTransactionalMessageLoader,
        AudienceLoader,
        SmsListLoader,
        SmsProfilesLoader,
        SmsUnsubscribeLoader,
        SmsOptOutLoader,
        RetailLoader,
        OrderItemsLoader,
        CustomEventsLoader,
        ForgetLoader,
    )
    for kind in loader.kinds
}
"""From kind of destination to the class that loads it."""
