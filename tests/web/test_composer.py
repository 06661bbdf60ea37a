"""What helps who writes: suggested recipients, free recipients, subject, signature."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from gateway.chatter.post import SYSTEM, Draft
from store.queries import message as messages
from store.queries import thread as threads
from tests.builders import DOMAIN, a_mail, hop_client, stamped
from tests.web.conftest import Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, BOB, ERIKA = "alice@corp.example", "bob@corp.example", "erika@customer.example"
SUPPORT = f"support@{DOMAIN}"


@pytest.fixture
async def staff(api: Api) -> None:
    for email in (ALICE, BOB):
        await add(api, email, internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})


def open_by_mail(web: Web, *, proven: bool, extra: str = "") -> str:
    """Erika opens a record; answers its path."""
    raw = a_mail(f"Erika Muster <{ERIKA}>", to=f"{SUPPORT}, Max <max@partner.example>", extra=extra)
    if proven:
        web.world.receive(stamped(raw, "customer.example"), SUPPORT, client=hop_client())
    else:
        web.world.receive(raw, SUPPORT, reverse_path=ERIKA)
    with web.world.database.read() as session:
        return f"/records/ticket/{threads.search(session, record_type='ticket', query='', before=None, limit=1).rows[0].key}"


async def paths(api: Api) -> list[str]:
    """The paths of all tickets."""
    items = (await api.get("/records", params={"type": "ticket"})).json()["items"]
    return [f"/records/ticket/{one['key']}" for one in items]


async def suggested(api: Api, path: str, **params: Any) -> dict[str, tuple[str, bool]]:
    answer = await api.get(f"{path}/suggested-recipients", params=params)
    assert answer.status_code == 200, answer.text
    return {one["email"]: (one["reason"], one["ticked"]) for one in answer.json()["items"]}


async def test_t145_the_customer_and_the_addresses_of_the_last_conversation_but_never_ours(
    web: Web, api: Api, staff
):
    extra = f"Cc: cc@partner.example, notifications@{DOMAIN}, {ALICE}\r\nReply-To: desk@customer.example\r\n"
    path = open_by_mail(web, proven=True, extra=extra)

    found = await suggested(api, path, actor=ALICE)

    assert found == {
        ERIKA: ("customer", False), "max@partner.example": ("to", False), "cc@partner.example": ("cc", False),
        "desk@customer.example": ("reply-to", False),
    }  # fmt: skip


async def test_t145_no_follower_is_suggested_but_the_customer(web: Web, api: Api, staff):
    path = open_by_mail(web, proven=True)
    await api.post(f"{path}/followers", json={"email": "max@partner.example", "notify": False})

    assert await suggested(api, path) == {ERIKA: ("customer", False)}


async def test_t145_who_was_named_in_the_last_message_written_here_is_suggested(web: Web, api: Api, staff):
    body = {
        "kind": "message",
        "author": ALICE,
        "body_text": "Hi",
        "recipients": ["otto@other.example"],
        "mentions": [BOB],
    }
    await api.post("/records/ticket/7/messages", json=body)

    assert await suggested(api, "/records/ticket/7") == {
        BOB: ("recipient", False),
        "otto@other.example": ("recipient", False),
    }


async def test_t145_a_colleague_who_opened_the_record_by_mail_is_not_its_customer(web: Web, api: Api, staff):
    raw = a_mail(f"Alice <{ALICE}>", to=f"{SUPPORT}, Max <max@partner.example>")
    web.world.receive(stamped(raw, "corp.example"), SUPPORT, client=hop_client())
    [path] = [one for one in await paths(api) if one != "/records/ticket/7"]

    assert await suggested(api, path, actor=BOB) == {"max@partner.example": ("to", False)}


async def test_t145_the_last_conversation_is_what_a_person_said_not_what_a_template_answered(
    web: Web, api: Api, staff
):
    path = open_by_mail(web, proven=True)
    with web.world.database.write() as session:
        thread = threads.by_key(session, "ticket", path.rpartition("/")[2])
        assert thread is not None
        draft = Draft(thread, "message", "discussions", SYSTEM, body_text="We have it.", generated=True)
        web.world.posting.post(session, draft, web.world.now)

    assert await suggested(api, path) == {ERIKA: ("customer", False), "max@partner.example": ("to", False)}


async def test_t145_a_partner_with_two_addresses_is_suggested_once_and_never_to_himself(
    web: Web, api: Api, staff
):
    await add(api, ALICE, internal=True, addresses=["alice@home.example"])
    await add(api, "otto@other.example", addresses=["otto@home.example"])
    extra = "Cc: alice@home.example, otto@other.example, otto@home.example\r\n"
    path = open_by_mail(web, proven=True, extra=extra)

    assert await suggested(api, path, actor=ALICE) == {
        ERIKA: ("customer", False),
        "max@partner.example": ("to", False),
        "otto@other.example": ("cc", False),
    }


async def test_t145_to_and_cc_of_the_last_message_written_here_are_suggested(web: Web, api: Api, staff):
    named = [
        {"partner_id": 1, "name": "Otto", "email": "otto@other.example", "how": "to"},
        {"partner_id": 2, "name": "Nora", "email": "nora@other.example", "how": "cc"},
    ]
    body = {"kind": "message", "author": ALICE, "body_text": "Hi"}
    said = (await api.post("/records/ticket/7/messages", json=body)).json()
    with web.world.database.write() as session:
        messages.change(session, said["id"], {"addressees": named})

    assert await suggested(api, "/records/ticket/7") == {
        "otto@other.example": ("recipient", False),
        "nora@other.example": ("cc", False),
    }


async def test_suggesting_costs_the_same_statements_however_many_follow(web: Web, api: Api, staff):
    path = open_by_mail(web, proven=True)

    async def statements() -> int:
        seen: list[str] = []
        event.listen(Engine, "before_cursor_execute", note := lambda *args: seen.append(args[2]))
        await suggested(api, path)
        event.remove(Engine, "before_cursor_execute", note)
        return len(seen)

    before = await statements()
    people = [web.world.partner(f"reader{number}@x.example") for number in range(30)]
    with web.world.database.write() as session:
        thread = threads.by_key(session, "ticket", path.rpartition("/")[2])
        assert thread is not None
        for reader in people:
            web.world.follow(thread, reader, session=session)

    assert await statements() == before


async def test_the_author_of_a_claimed_record_is_ticked_and_sending_makes_him_a_reader(
    web: Web, api: Api, staff
):
    path = open_by_mail(web, proven=False)

    assert (await suggested(api, path))[ERIKA] == ("customer", True)
    await api.post(
        f"{path}/messages",
        json={"kind": "message", "author": ALICE, "body_text": "Hi", "recipients": [ERIKA]},
    )
    assert [mail["To"] for mail in await send(web)] == [ERIKA]


async def test_suggesting_enters_nobody_and_a_long_mail_costs_its_header_only(web: Web, api: Api, staff):
    path = open_by_mail(web, proven=True)
    await suggested(api, path)

    assert (await api.get("/partners/max@partner.example")).status_code == 404
    assert await suggested(api, "/records/ticket/7") == {}


async def test_t132_a_subject_with_line_breaks_is_sent_as_one_line_and_is_for_its_message_only(
    web: Web, api: Api, staff
):
    await api.post("/records/ticket/7/followers", json={"email": ERIKA, "notify": False})
    path = "/records/ticket/7/messages"
    await api.post(
        path,
        json={
            "kind": "message",
            "author": ALICE,
            "body_text": "1",
            "subject": "Two\r\nBcc: x@evil.example\nlines",
        },
    )
    await api.post(path, json={"kind": "message", "author": ALICE, "body_text": "2"})

    mails = await send(web)

    assert [mail["Subject"] for mail in mails] == ["Two Bcc: x@evil.example lines", "Printer"]
    assert mails[0]["Bcc"] is None


async def test_t134_free_addresses_get_one_mail_each(web: Web, api: Api, staff):
    body = {
        "kind": "message",
        "author": ALICE,
        "body_text": "Hi",
        "recipients": ["A@x.example", "b@x.example", "a@x.example"],
    }

    assert (await api.post("/records/ticket/7/messages", json=body)).status_code == 201
    assert sorted(str(mail["To"]) for mail in await send(web)) == ["a@x.example", "b@x.example"]
    assert (await api.get("/records/ticket/7/followers")).json()["items"] != []  # Alice alone
    assert "a@x.example" not in (await api.get("/records/ticket/7/followers")).text


async def test_d14_a_signature_is_put_under_the_text_when_asked(web: Web, api: Api, staff):
    told = await api.put(f"/partners/{ALICE}", json={"signature": "Alice Adams\nSales <EMEA>"})
    body = {"kind": "message", "author": ALICE, "recipients": [ERIKA]}

    signed = (
        await api.post("/records/ticket/7/messages", json={**body, "body_text": "Hello.", "signature": True})
    ).json()
    plain = (await api.post("/records/ticket/7/messages", json={**body, "body_text": "Hello."})).json()
    without = (
        await api.post(
            "/records/ticket/7/messages", json={**body, "author": BOB, "body_text": "Hi", "signature": True}
        )
    ).json()

    assert told.json()["signature"] == "Alice Adams\nSales <EMEA>"
    assert signed["body_text"] == "Hello.\n\n-- \nAlice Adams\nSales <EMEA>"
    assert "Sales &lt;EMEA&gt;" in signed["body_html"] and signed["body_html"].startswith("<p>Hello.</p>")
    assert plain["body_text"] == "Hello." and without["body_text"] == "Hi"
    assert "-- \nAlice Adams\nSales <EMEA>" in text_of((await send(web))[0]).replace("\r\n", "\n")
