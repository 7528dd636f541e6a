"""The target's settings: names, types, defaults, descriptions. Tables of settings are generated from it."""

from __future__ import annotations

from typing import Any, Final

from listrak_api.phone_forms import PHONE_BODY_FORM, PHONE_PATH_FORM
from listrak_api.settings import (
    CONNECTION_SETTINGS,
    CROSS_CHANNEL_CREDENTIALS,
    DATA_CREDENTIALS,
    EMAIL_CREDENTIALS,
    PRIVACY_CREDENTIALS,
    SMS_CREDENTIALS,
    timezone_setting,
)
from listrak_singer.settings import settings_of_missing_libraries
from target_listrak.config.kind_options import OPTIONS_BY_KIND
from target_listrak.values.reading import NULL_TEXTS

__all__ = ["CONFIG_JSONSCHEMA", "WITHOUT_EFFECT"]

DEFAULT_BATCH_SIZE_ROWS: Final = 100_000

_LOADING: Final[dict[str, Any]] = {
    "destinations": {
        "type": "object",
        "title": "Destinations",
        "description": "Where each stream goes: an object from stream name, or pattern such as "
        f"`customers_*`, to an object with `kind` ({', '.join(OPTIONS_BY_KIND)}) and that kind's "
        "options, or to an array of such objects: the stream goes to each of them. A stream's "
        "exact name takes precedence over patterns, a longer pattern over a shorter one.",
        "additionalProperties": {"type": ["object", "array"]},
    },
    "unmapped_streams": {
        "type": ["string", "null"],
        "title": "Streams without destination",
        "description": "What happens to a stream that has no destination: `fail` ends the run before its "
        "first record, `skip` leaves it out and says how many records that were, `reject` "
        "writes them to the rejects file.",
        "enum": ["fail", "skip", "reject", None],
        "default": "fail",
    },
    "rejects_path": {
        "type": ["string", "null"],
        "title": "Rejects file",
        "description": "File for the records that were declined or rejected, each with its reason, as Singer "
        "messages that can be corrected and loaded again. It has people's data (mode 0600). An "
        "existing file is not changed; the new one gets a number. Without a value: in a Meltano project "
        "`.meltano/target-listrak/target-listrak-rejects.singer`, which Git ignores, else "
        "`~/.local/state/singer-listrak/target-listrak-rejects.singer` (or below `$XDG_STATE_HOME`).",
    },
    "rejects_keep_days": {
        "type": ["integer", "null"],
        "title": "Days for which rejects files are kept",
        "description": "After a run that has ended well, the rejects files of earlier runs that are older "
        "than this are deleted: they hold people's data. Without a value all are kept.",
        "minimum": 1,
    },
    "sent_path": {
        "type": ["string", "null"],
        "title": "Record of sent messages",
        "description": "SQLite file in which destinations that send messages (`allow_sending`) note what was "
        "sent, by destination and key of the record, so that no run sends a message twice. Keep it: without "
        "it everything is sent again. Only one run at a time can use it. A second file beside it, with "
        "`-rows` in its name, notes the rows that raised events of a list or appended to values, so that "
        "neither happens twice; it has digests only. Without a value: `target-listrak-sent.sqlite` "
        "beside the default "
        "rejects file.",
    },
    "forget_report_path": {
        "type": ["string", "null"],
        "title": "Report of requests to forget",
        "description": "File (JSON lines) in which destinations of kind `forget` write down each request "
        "with Listrak's id and its status. It has no address and no number. Without a value: "
        "`target-listrak-forget.jsonl` beside the default rejects file.",
    },
    "max_reject_share": {
        "type": ["number", "null"],
        "title": "Largest share of rejected records",
        "description": "When more than this share (0 to 1) of a destination's records is rejected because "
        "they are wrong, the run ends with an error and passes on no further STATE. Fewer than five rejected "
        "records never end a run, unless the share is 0, which allows none. A destination can have its own.",
        "default": 0.2,
        "minimum": 0,
        "maximum": 1,
    },
    "max_declined_share": {
        "type": ["number", "null"],
        "title": "Largest share of declined records",
        "description": "The same for records that are right, but that Listrak or missing consent does not "
        "allow to be loaded: previously unsubscribed, opted out, not on the list. Default: no limit.",
        "minimum": 0,
        "maximum": 1,
    },
    "delete_markers": {
        "type": ["array", "object", "null"],
        "title": "Markers of deletions",
        "description": "Properties by which sources mark deleted records, beside the known ones "
        "(`_sdc_deleted_at`, `_ab_cdc_deleted_at`, `_fivetran_deleted`, `__deleted`, `__op` and others): a "
        "list of properties with a date or a boolean, or an object from property to the values that mean "
        "deleted. A deletion never subscribes anybody; see `allow_deletes`.",
    },
    "dry_run": {
        "type": ["boolean", "null"],
        "title": "Dry run",
        "description": "Do everything except writing to Listrak, and log the row accounting of a real run: "
        "the states of contacts are looked up. No STATE is passed on.",
        "default": False,
    },
    "batch_size_rows": {
        "type": ["integer", "null"],
        "title": "Rows per import",
        "description": "The most rows of one import file. A file never has more than 195,000,000 bytes, "
        "Listrak's limit.",
        "default": DEFAULT_BATCH_SIZE_ROWS,
        "minimum": 1,
    },
    "import_poll_seconds": {
        "type": ["number", "null"],
        "title": "Seconds between status requests of an import",
        "description": "How long to wait before requesting the status of an import again. The first "
        "requests come sooner.",
        "default": 5,
        "exclusiveMinimum": 0,
    },
    "import_timeout": {
        "type": ["number", "null"],
        "title": "Time limit of an import",
        "description": "Seconds after which an import that has not ended ends the run. Its rows are not "
        "confirmed, so the next run sends them again.",
        "default": 7200,
        "exclusiveMinimum": 0,
    },
    "read_members_by_date": {
        "type": ["boolean", "null"],
        "title": "Read members by date",
        "description": "Read who is in an audience, or on a mirrored email list, in many windows of "
        "subscribe (or unsubscribe) date, up to `max_concurrency` at once, instead of one page after the "
        "other. Only for accounts whose contacts all have such a date: one without is not read, counts as no "
        "member, and is not removed when it leaves. Phone lists are always read one page after the other.",
        "default": False,
    },
    "wait_for_imports": {
        "type": ["number", "null"],
        "title": "Wait for other imports of a list",
        "description": "Seconds to wait, before a file is sent to an email list, for imports of the list "
        "that this run did not start (another process, a person, a run that was killed): two imports at once "
        "that share a contact have no order. If one is still under way after that, the run ends; what was "
        "not sent is not confirmed, so the next run sends it. 0 does not look for any. SMS imports are not "
        "looked for: Listrak does not list them.",
        "default": 3600,
        "minimum": 0,
    },
    "default_country": {
        "type": ["string", "null"],
        "title": "Country of phone numbers",
        "description": "Two-letter country code (ISO 3166-1) of phone numbers that are written without one.",
        "default": "US",
    },
    **timezone_setting(
        "Date-times of retail data that carry an offset are sent as wall time of this zone; those without "
        "one are taken as such already. An instant in a Date field is on the day that this zone's clocks "
        "show. What is written as a day, or as exact midnight, is that day."
    ),
    "phone_digits": {
        "type": ["string", "null"],
        "title": "Phone numbers without +",
        "description": "How digits without `+` are read: `national` takes them as numbers of "
        "`default_country`, with or without its country code, and rejects all others; `international` admits "
        "other countries' numbers with their country code as well (E.164 without `+`), where they cannot be "
        "national ones.",
        "enum": ["national", "international", None],
        "default": "national",
    },
    **PHONE_PATH_FORM,
    **PHONE_BODY_FORM,
    "date_order": {
        "type": ["string", "null"],
        "title": "Order of day and month",
        "description": "How dates with the year last are read: `mdy` takes 05/12/1981 for May 12, `dmy` for "
        "December 5, and `ymd` rejects them. Day and month are never swapped to make a date possible: "
        "13/05/1981 is rejected unless it is `dmy`. A destination may have its own.",
        "enum": ["mdy", "dmy", "ymd", None],
        "default": "mdy",
    },
    "decimal_mark": {
        "type": ["string", "null"],
        "title": "Decimal mark",
        "description": "The decimal mark of numbers that are texts, `.` or `,`; the other one divides "
        "thousands. If it is not set, a point is the decimal mark (1.200 is 1.2), and numbers with a comma "
        "are rejected. A destination may have its own.",
        "enum": [".", ",", None],
    },
    "null_values": {
        "type": ["array", "null"],
        "title": "Texts that mean null",
        "description": "Texts in values that mean that there is no value, as programs write them; compared "
        "with their case. They are treated as null is (`null_handling`), and count as missing in keys. An "
        "empty array takes every text as it is, except in keys.",
        "items": {"type": "string"},
        "default": list(NULL_TEXTS),
    },
    # The SDK's own setting; the default differs: the mapping checks each value that it uses, once, for its
    # field.
    "validate_records": {
        "type": ["boolean", "null"],
        "title": "Validate Records",
        "description": "Check every record against its stream's JSON schema too, and reject those that break"
        " it. What goes to Listrak is checked in any case.",
        "default": False,
    },
}

CONFIG_JSONSCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        **EMAIL_CREDENTIALS,
        **SMS_CREDENTIALS,
        **DATA_CREDENTIALS,
        **CROSS_CHANNEL_CREDENTIALS,
        **PRIVACY_CREDENTIALS,
        **_LOADING,
        **CONNECTION_SETTINGS,
    },
    "required": ["destinations"],
}
"""The target's config schema, to which the SDK adds its own settings."""

WITHOUT_EFFECT: Final[dict[str, str]] = {
    "load_method": "what happens to rows is decided by the destination's kind, `update_type` and `mirror`",
    "add_record_metadata": "Listrak has no place for the SDK's metadata columns",
    **settings_of_missing_libraries(),
}
"""Settings of the SDK that have no effect here, and why. Setting one is an error."""
