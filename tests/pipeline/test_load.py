"""Into Listrak by `meltano run`: from files, and from PostgreSQL by the example of docs/loading.md."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import requests
from documents import example

if TYPE_CHECKING:
    from meltano_project import Project
    from postgres_server import Database

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("meltano")]

# Ids in the sandbox's world: the list Newsletter, and three of its profile fields.
NEWSLETTER, FIRST_NAME, POINTS, VIP = 40137, 1007, 1022, 1124
HEAD = "email,customer_number,first_name,points\n"


def contact(project: Project, address: str) -> dict[str, Any] | None:
    """Give a contact of the list Newsletter as the sandbox stores it."""
    try:
        return dict(project.sandbox.control("GET", "contacts", listId=NEWSLETTER, emailAddress=address))
    except RuntimeError:  # the sandbox's 404
        return None


def value(project: Project, address: str, field_id: int) -> str | None:
    """Give a profile value of a contact of the list Newsletter."""
    values = (contact(project, address) or {}).get("segmentationFieldValues") or []
    return next((one["value"] for one in values if one["segmentationFieldId"] == field_id), None)


def read_files_of(project: Project) -> None:
    """Point the CSV extractor at the project's own folder."""
    files = [{"path": f"{project.folder}/customers*.csv", "format": "csv", "table_name": "customers"}]
    files[0] |= {"primary_keys": ["email"], "delimiter": ",", "quote_char": '"'}
    project.configure("tap-spreadsheets", files=[one | {"drop_empty": False} for one in files])


def test_a_file_of_customers_reaches_the_list_and_every_row_is_accounted_for(project: Project) -> None:
    read_files_of(project)
    rows = [
        "ada@example.com,C1,Ada,12",
        'bob@example.org,C2,"Bob ""B"", Jr.",',
        ",C3,Nobody,1",
        "cleo@example.com,C4,Cleo,many",
    ]
    (project.folder / "customers.csv").write_text(HEAD + "\n".join(rows), "utf-8")
    project.configure("target-listrak", max_reject_share=0.6)
    project.run("tap-spreadsheets", "target-listrak")

    ada = contact(project, "ada@example.com")
    assert ada is not None
    assert ada["subscriptionState"] == "Subscribed"
    assert value(project, "ada@example.com", FIRST_NAME) == "Ada"
    assert float(value(project, "ada@example.com", POINTS) or 0) == 12
    assert value(project, "bob@example.org", FIRST_NAME) == 'Bob "B", Jr.'
    assert contact(project, "cleo@example.com") is None
    messages = [
        json.loads(line) for line in (project.folder / "rejects.singer").read_text("utf-8").splitlines()
    ]
    rejected = [message["rejected"]["code"] for message in messages if message["type"] == "RECORD"]
    assert rejected == ["no_email_address", "bad_value"]


def test_a_second_run_reads_only_what_is_new(project: Project) -> None:
    read_files_of(project)
    file = project.folder / "customers-1.csv"
    file.write_text(HEAD + "ada@example.com,C1,Ada,12\n", "utf-8")
    project.run("tap-spreadsheets", "target-listrak")
    project.run("tap-spreadsheets", "target-listrak")
    assert [one["rowCount"] for one in project.sandbox.written()["imports"]] == [1]

    newer = project.folder / "customers-2.csv"
    newer.write_text(HEAD + "bob@example.org,C2,Bob,1\ncleo@example.com,C3,Cleo,2\n", "utf-8")
    later = file.stat().st_mtime + 10
    os.utime(newer, (later, later))
    project.run("tap-spreadsheets", "target-listrak")
    assert [one["rowCount"] for one in project.sandbox.written()["imports"]] == [1, 2]


def test_a_list_that_does_not_exist_ends_the_run_with_the_names_there_are(project: Project) -> None:
    read_files_of(project)
    (project.folder / "customers.csv").write_text(HEAD + "ada@example.com,C1,Ada,12\n", "utf-8")
    project.configure(
        "target-listrak", destinations={"customers": {"kind": "email_list", "list": "Newsleter"}}
    )
    del project.definition["environments"][0]["config"]["plugins"]["loaders"][0]["config"]["destinations"]
    printed = project.meltano("run", "--no-install", "tap-spreadsheets", "target-listrak", expect=1)
    said = "\n".join(line for line in printed.splitlines() if "] target-listrak" in line)
    assert "Newsleter" in said
    assert "Outlet & Sale" in said
    assert "Traceback" not in said
    assert project.sandbox.written()["imports"] == []


SHOP = """
create schema shop;
create table shop.customers (email text primary key, customer_number text, first_name text, points int);
insert into shop.customers
  select 'person' || n || '@example.com', 'C' || n, 'Person ' || n, n * 10 from generate_series(1, 9) n;
create table shop.orders (
  order_number text, email text, order_date date, order_total numeric(10, 2), status text,
  item_sku text, item_quantity int, item_price numeric(10, 2), primary key (order_number, item_sku));
insert into shop.orders values
  ('O-1', 'person1@example.com', '2026-06-30', 30.50, 'Completed', 'SHOE', 1, 20.00),
  ('O-1', 'person1@example.com', '2026-06-30', 30.50, 'Completed', 'SOCK', 3, 3.50),
  ('O-2', 'person2@example.com', '2026-06-30', 9.00, 'Completed', 'HAT', 1, 9.00);
create view shop.vip_audience as select email from shop.customers where points >= 40;
"""


def field_id(project: Project, name: str) -> int:
    """Find a profile field of the list Newsletter by its name, as any client of the API would."""
    base = f"{project.sandbox.url}/email/v1/List/{NEWSLETTER}/SegmentationFieldGroup"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {project.sandbox.token()}"
        for group in session.get(base, timeout=30).json()["data"]:
            fields = session.get(f"{base}/{group['segmentationFieldGroupId']}/SegmentationField", timeout=30)
            for one in fields.json()["data"]:
                if one["segmentationFieldName"] == name:
                    return int(one["segmentationFieldId"])
    raise LookupError(name)


def members(project: Project, field: int) -> set[int]:
    """Tell which of the nine people are in the audience."""
    return {n for n in range(1, 10) if value(project, f"person{n}@example.com", field) == "on"}


def test_the_readme_s_postgres_example_fills_a_list_an_audience_and_the_orders(
    project: Project, database: Database
) -> None:
    database.query(SHOP)
    project.environment["TAP_POSTGRES_SQLALCHEMY_URL"] = database.tap_url
    shown = example("postgres", "loading.md")["plugins"]
    tap, target = shown["extractors"][0], shown["loaders"][0]
    project.set_extras("tap-postgres", select=tap["select"])
    project.configure("tap-postgres", **tap["config"])
    del project.definition["environments"][0]["config"]["plugins"]["loaders"][0]["config"]["destinations"]
    project.configure("target-listrak", **target["config"])

    project.run("tap-postgres", "target-listrak")

    for n in range(1, 10):
        found = contact(project, f"person{n}@example.com")
        assert found is not None
        assert found["subscriptionState"] == "Subscribed"
        assert value(project, f"person{n}@example.com", FIRST_NAME) == f"Person {n}"
    audience = field_id(project, "Shop VIP")
    assert members(project, audience) == {4, 5, 6, 7, 8, 9}
    orders = {one["orderNumber"]: one for one in project.sandbox.written()["data"]["Order"]["rows"].values()}
    assert set(orders) == {"O-1", "O-2"}
    assert sorted(item["sku"] for item in orders["O-1"]["items"]) == ["SHOE", "SOCK"]

    database.query("update shop.customers set points = 10 where email = 'person4@example.com'")
    database.query("update shop.customers set points = 500 where email = 'person1@example.com'")
    project.run("tap-postgres", "target-listrak")
    assert members(project, audience) == {1, 5, 6, 7, 8, 9}
    # Who left the audience is still on the list.
    assert (contact(project, "person4@example.com") or {})["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize(
    ("variable", "word", "said"),
    [
        ("TARGET_LISTRAK_DRY_RUN", "y", "expected a boolean"),
        ("TARGET_LISTRAK_DRYRUN", "true", "did you mean 'TARGET_LISTRAK_DRY_RUN'"),
        ("TARGET_LISTRAK_MAX_CONCURRENCY", "eight", "expected a whole number"),
    ],
)
def test_T8_a_slip_in_a_variable_ends_meltano_run_before_anybody_is_subscribed(
    project: Project, variable: str, word: str, said: str
) -> None:
    """With Meltano's own kind for booleans `y` would arrive as false."""
    read_files_of(project)
    (project.folder / "customers.csv").write_text(HEAD + "ada@example.com,C1,Ada,12\n", "utf-8")
    project.environment[variable] = word
    told = project.meltano("run", "--no-install", "tap-spreadsheets", "target-listrak", expect=1)
    assert said in told
    assert variable in told
    assert contact(project, "ada@example.com") is None
