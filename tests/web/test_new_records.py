"""A record that is opened, by a mail or over the API: who is assigned, who follows, who is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, BOB, CAROL = "alice@corp.example", "bob@corp.example", "carol@customer.example"
SUPPORT = f"support@{DOMAIN}"
CREATED = {"name": "created", "label": "Ticket created", "parent_subtype": "task_new", "creation": True}


@pytest.fixture
async def project(api: Api) -> None:
    """Alice follows project 1 for its new tickets alone; Bob is a colleague."""
    for email in (ALICE, BOB):
        await add(api, email, internal=True)
    new = {"name": "task_new", "label": "New tickets"}
    await api.put("/record-types/project", json={"label": "Project", "subtypes": [new]})
    ticket = await api.put("/record-types/ticket", json={"subtypes": [CREATED]})
    assert ticket.status_code == 200, ticket.text
    await api.put("/records/project/1", json={"title": "Bridge"})
    follower = {"email": ALICE, "subtypes": ["task_new"], "notify": False}
    await api.post("/records/project/1/followers", json=follower)


async def alias(api: Api, **defaults: Any) -> httpx.Response:
    return await api.put(f"/aliases/{SUPPORT}", json={"type": "ticket", "defaults": defaults})


async def opened(web: Web, api: Api) -> dict[str, Any]:
    """The record that a mail of Carol opens."""
    web.world.receive(a_mail(CAROL, subject="Pump", text="It leaks."), SUPPORT, reverse_path=CAROL)
    return dict((await api.get("/records?type=ticket&limit=1")).json()["items"][0])


async def test_b16_who_follows_a_project_for_its_new_tickets_is_told_of_the_mail_that_opens_one(
    web: Web, api: Api, project
):
    assert (await alias(api, parent={"type": "project", "key": "1"})).status_code == 200

    record = await opened(web, api)

    assert record["parent"] == {"type": "project", "key": "1"}
    [mail] = await send(web)
    assert (
        mail["To"] == ALICE and "It leaks." in text_of(mail) and "follow this conversation" in text_of(mail)
    )
    items = (await api.get(f"/records/ticket/{record['key']}/messages")).json()["items"]
    assert [(one["kind"], one["subtype"]) for one in items] == [("message", "created")]


async def test_b16_a_record_entered_over_the_api_is_told_under_the_same_subtype(web: Web, api: Api, project):
    parent = {"type": "project", "key": "1"}

    await api.put("/records/ticket/7", json={"title": "Pump", "parent": parent, "actor": BOB})
    await api.put("/records/ticket/8", json={"title": "Quiet", "parent": parent, "silent": True})

    [mail] = await send(web)
    assert mail["To"] == ALICE and "Ticket created" in text_of(mail)


async def test_t048_a_mail_opens_a_record_with_the_title_and_the_assignee_of_its_alias(
    web: Web, api: Api, project
):
    await alias(api, stage="new", title="From the web shop", assignee=BOB)

    record = await opened(web, api)

    assert (record["title"], record["assignee"]["email"], record["fields"]) == (
        "From the web shop",
        BOB,
        {"stage": "new"},
    )
    [mail] = await send(web)
    assert mail["To"] == BOB and mail["Subject"] == "Re: Pump"
    text = text_of(mail)
    assert "This was assigned to you. " in text and "It leaks." in text and "assigned this to you" not in text
    followers = (await api.get(f"/records/ticket/{record['key']}/followers")).json()["items"]
    assert [one["partner"]["email"] for one in followers] == [BOB]


async def test_a_mail_opens_its_record_though_the_assignee_left_and_the_parent_is_gone(
    web: Web, api: Api, project
):
    await alias(api, assignee=BOB, parent={"type": "project", "key": "1"})
    await api.put(f"/partners/{BOB}", json={"active": False})
    await api.delete("/records/project/1")

    record = await opened(web, api)

    assert (record["assignee"], record["parent"], record["title"]) == (None, None, "Pump")
    entry = (await api.get("/ledger?limit=1")).json()["items"][0]
    assert entry["state"] == "posted"
    told = {line["finding"]: line["reason"] for line in entry["trace"] if line["step"] == "open"}
    assert told["defaults/assignee"] == f"{BOB} is deactivated"
    assert told["defaults/parent"] == "there is no project 1"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("assignee", "nobody@corp.example", "nobody@corp.example is not a known partner"),
        ("assignee", CAROL, f"{CAROL} is not a colleague"),
        ("assignee", 7, "7 is not a known partner"),
        ("parent", {"type": "project", "key": "9"}, "there is no project 9"),
        ("parent", "project/1", "a parent is named by type and key"),
        ("title", ["x"], "a title is text"),
        ("amount", "much", None),
    ],
)
async def test_an_alias_gives_nothing_that_a_record_could_not_have(
    api: Api, project, name: str, value: Any, words: str | None
):
    await add(api, CAROL)

    refused = await alias(api, **{name: value})

    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["pointer"] == f"#/defaults/{name}" and words in (None, error["detail"])


async def test_a_limited_token_names_no_parent_of_another_type(web: Web, api: Api, project):
    limited = web.client("admin", types=("ticket",))

    refused = await alias(limited, parent={"type": "project", "key": "1"})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (403, "#/defaults/parent")


async def test_records_are_opened_under_one_subtype(api: Api):
    twice = [CREATED, {**CREATED, "name": "also"}]

    refused = await api.put("/record-types/ticket", json={"subtypes": twice})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/subtypes/1/creation")
