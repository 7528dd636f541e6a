"""Recorded: paths take eleven digits only, while answers may have ten. A contact is found in either form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_api.errors import ConfigurationError
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract

BY_NUMBER = ["phone_list_subscriptions", "phone_list_contact_details"]
STREAMS = ["sender_codes", "phone_lists", "phone_list_contacts", *BY_NUMBER]


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


@pytest.mark.parametrize("answers", ["e164", "national"])
@pytest.mark.parametrize("paths", ["e164", "national"])
def test_what_belongs_to_a_number_is_read_whatever_form_paths_take(
    box: RunningSandbox, extract: Extract, paths: str, answers: str
) -> None:
    box.settings(sms_path_form=paths, sms_phone_form=answers)
    run = extract(box, streams=STREAMS, include_phone_contact_details=True)
    listed = run.merged("phone_list_contacts").keys()
    assert listed
    assert run.merged("phone_list_contact_details").keys() == listed
    assert run.merged("phone_list_subscriptions").keys() <= listed


def test_numbers_that_are_listed_and_not_found_are_an_error_that_names_both_causes(
    box: RunningSandbox, extract: Extract
) -> None:
    box.settings(sms_path_form="national", sms_phone_form="national")
    with pytest.raises(ConfigurationError, match=r"(?s)sender code.*phone_path_form.*sender_code_ids"):
        extract(box, streams=STREAMS, include_phone_contact_details=True, phone_path_form="international")
