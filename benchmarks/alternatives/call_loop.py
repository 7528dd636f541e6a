"""A loop of calls per contact, one after the other: what a script in a scheduler does.

    python call_loop.py API_URL AUTH_URL SENDER_CODE PHONE_LIST < rows.singer

For each number it makes the calls that target-listrak makes: look how the number stands with the list; create
it if it is unknown, else see that the person has not opted out, and subscribe it.
"""

from __future__ import annotations

import json
import sys

import requests

TIMEOUT = 120
NOT_FOUND = 404


def main() -> None:
    """Do it."""
    api_url, auth_url, sender_code, phone_list = sys.argv[1:]
    session = requests.Session()
    form = {"grant_type": "client_credentials", "client_id": "benchmark", "client_secret": "benchmark"}
    token = session.post(auth_url, data=form, timeout=TIMEOUT).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    base = f"{api_url}/sms/v1/ShortCode/{sender_code}"
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] != "RECORD":
            continue
        phone = message["record"]["phone"].removeprefix("+")
        lists = session.get(f"{base}/Contact/{phone}/PhoneList", timeout=TIMEOUT)
        if lists.status_code == NOT_FOUND:
            body = {"phoneNumber": phone, "segmentationFieldValues": []}
            answer = session.post(f"{base}/PhoneList/{phone_list}/Contact", json=body, timeout=TIMEOUT)
        else:
            contact = session.get(f"{base}/Contact/{phone}", timeout=TIMEOUT).json()["data"]
            if contact["optedOut"]:
                continue
            answer = session.post(f"{base}/Contact/{phone}/PhoneList/{phone_list}", timeout=TIMEOUT)
        answer.raise_for_status()


if __name__ == "__main__":
    main()
