"""Followers in bulk, partners who are one, invitations: over the API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from store.models import Delivery
from tests.builders import DOMAIN, a_mail, hop_client, stamped
from tests.web.conftest import Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
CAROL = "carol@customer.example"


async def records(api: Api, *keys: str) -> list[dict[str, str]]:
    for key in keys:
        assert (await api.put(f"/records/ticket/{key}", json={"title": key})).status_code == 201
    return [{"type": "ticket", "key": key} for key in keys]


async def following(api: Api, key: str) -> dict[str, list[str]]:
    items = (await api.get(f"/records/ticket/{key}/followers")).json()["items"]
    return {item["partner"]["email"]: item["subtypes"] for item in items}


async def test_many_records_are_followed_and_left_in_one_call(web: Web, api: Api):
    """B22."""
    await add(api, "ann@corp.example", internal=True)
    names = await records(api, "1", "2")
    body: dict[str, Any] = {
        "records": names,
        "partners": ["ann@corp.example", CAROL],
        "subtypes": ["discussions", "note"],
    }

    followed = await api.post("/followers/batch", json=body)

    assert (followed.status_code, followed.json()) == (200, {"records": 2, "partners": 2, "changed": 4})
    assert await following(api, "2") == {"ann@corp.example": ["discussions", "note"], CAROL: ["discussions"]}
    left = await api.post("/followers/batch", json={"records": names, "partners": [CAROL], "follow": False})
    assert left.json()["changed"] == 2
    assert list(await following(api, "1")) == ["ann@corp.example"]


async def test_a_batch_that_is_wrong_names_each_place_and_does_nothing(web: Web, api: Api):
    [name] = await records(api, "1")
    cases = [
        ({"records": [name, {"type": "ticket", "key": "no"}], "partners": [CAROL]}, 422, "#/records/1"),
        ({"records": [name], "partners": [CAROL, "no address"]}, 422, "#/partners/1"),
        ({"records": [name], "partners": [CAROL], "subtypes": ["nonsense"]}, 422, "#/subtypes"),
        ({"records": [name], "partners": [CAROL], "follow": False}, 422, "#/partners/0"),
        ({"records": [{"type": "ticket"}], "partners": [CAROL]}, 400, "#/records/0/key"),
    ]
    for body, status, pointer in cases:
        refused = await api.post("/followers/batch", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer), (
            refused.text
        )
    assert await following(api, "1") == {}


async def test_who_cannot_follow_is_named_by_the_single_call_and_by_the_batch(web: Web, api: Api):
    """B06, T106: a deactivated partner, an alias, a reply address, and what is no address."""
    [name] = await records(api, "1")
    await add(api, "gone@corp.example", internal=True, active=False)
    reply = (await api.get("/records/ticket/1")).json()["reply_address"]

    for email in ("gone@corp.example", f"support@{DOMAIN}", reply, f"notifications@{DOMAIN}", "no address"):
        one = await api.post("/records/ticket/1/followers", json={"email": email})
        many = await api.post("/followers/batch", json={"records": [name], "partners": [CAROL, email]})

        for answer, pointer in ((one, "#/email"), (many, "#/partners/1")):
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    assert await following(api, "1") == {}
    assert (await api.get(f"/partners/{reply}")).status_code == 404


async def test_a_token_of_other_record_types_finds_no_record_to_follow(web: Web, api: Api):
    names = await records(api, "1")
    limited = web.client("follow", types=("order",))

    refused = await limited.post("/followers/batch", json={"records": names, "partners": [CAROL]})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/records/0")
    assert await following(api, "1") == {}


async def test_a_child_follows_its_parent_over_the_api(web: Web, api: Api):
    """B16."""
    mapped = [{"name": "progress", "label": "Progress", "parent_subtype": "rated"}]
    await api.put("/record-types/task", json={"label": "Task", "subtypes": mapped})
    await records(api, "project")
    await api.post("/records/ticket/project/followers", json={"email": CAROL, "subtypes": ["rated"]})

    made = await api.put(
        "/records/task/1", json={"title": "Roof", "parent": {"type": "ticket", "key": "project"}}
    )
    wrong = await api.put("/records/task/2", json={"parent": {"type": "ticket", "key": "none"}})

    narrow = web.client("post", types=("task",))
    hidden = await narrow.put("/records/task/3", json={"parent": {"type": "ticket", "key": "project"}})
    batched = await narrow.post(
        "/records/batch",
        json={"items": [{"type": "task", "key": "3", "parent": {"type": "ticket", "key": "project"}}]},
    )
    misspelt = await api.put(
        "/records/task/4", json={"parent": {"type": "ticket", "key": "project", "kee": "x"}}
    )

    assert made.status_code == 201, made.text
    for answer, pointer in ((hidden, "#/parent"), (batched, "#/items/0/parent")):
        assert (answer.status_code, answer.json()["errors"]) == (
            422,
            [{"pointer": pointer, "detail": "there is no ticket project"}],
        )
    assert (misspelt.status_code, misspelt.json()["errors"][0]["pointer"]) == (400, "#/parent/kee")
    [follower] = (await api.get("/records/task/1/followers")).json()["items"]
    assert (follower["partner"]["email"], follower["subtypes"]) == (CAROL, ["progress"])
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/parent")


async def test_two_partners_become_one_and_the_first_is_no_longer_listed(web: Web, api: Api):
    await add(api, CAROL)
    await add(api, "carol@home.example")

    merged = await api.post("/partners/carol@home.example/merge", json={"into": CAROL})

    assert merged.status_code == 200, merged.text
    assert merged.json()["addresses"] == [CAROL, "carol@home.example"]
    assert (await api.get("/partners/carol@home.example")).json()["email"] == CAROL
    assert [one["email"] for one in (await api.get("/partners", params={"q": "carol"})).json()["items"]] == [
        CAROL
    ]
    for path, into, status in (
        ("carol@home.example", CAROL, 409),
        ("nobody@x.example", CAROL, 404),
        (CAROL, "nobody@x.example", 422),
    ):
        assert (await api.post(f"/partners/{path}/merge", json={"into": into})).status_code == status
    assert (
        await web.client("post").post(f"/partners/{CAROL}/merge", json={"into": CAROL})
    ).status_code == 403


async def test_an_invitation_is_sent_only_where_it_is_wanted_once_and_with_the_text_given(web: Web, api: Api):
    """T122, B04: by mail to the contact, exactly one; unticked sends nothing."""
    await add(api, "ann@corp.example", internal=True)
    await records(api, "1")
    path = "/records/ticket/1/followers"

    await api.post(
        path, json={"email": "quiet@customer.example", "notify": False, "invitation_html": "<p>No</p>"}
    )
    await api.post(path, json={"email": "plain@customer.example"})
    await api.post(
        path,
        json={
            "email": CAROL,
            "notify": True,
            "invitation_html": "<p>Please <b>join</b>.</p>",
            "actor": "ann@corp.example",
        },
    )

    table = Delivery.table()
    with web.world.database.read() as session:
        rows = session.execute(select(table.c.address, table.c.kind, table.c.payload)).all()
    [(address, kind, payload)] = [tuple(row) for row in rows]
    assert (address, kind, payload["by"]) == (CAROL, "invite", "Ann")
    assert "join" in payload["html"] and "join" in payload["text"]


async def test_t122_an_invitation_goes_the_way_its_reader_wants(web: Web, api: Api):
    """B05: by mail to the contact, to the inbox of who reads there, to nobody who wants none; the log says so."""
    for email, timing in (
        ("ann@corp.example", "now"),
        ("web@corp.example", "web"),
        ("none@corp.example", "none"),
    ):
        await add(api, email, internal=True, notify={"timing": timing})
    await add(api, CAROL)
    names = await records(api, "1", "2")
    body = {
        "records": names, "partners": ["web@corp.example", "none@corp.example", CAROL], "notify": True,
        "invitation_html": "<p>Come <script>in</script></p>", "actor": "ann@corp.example",
    }  # fmt: skip

    assert (await api.post("/followers/batch", json=body)).json()["changed"] == 6

    table = Delivery.table()
    with web.world.database.read() as session:
        rows = session.execute(select(table.c.address, table.c.kind, table.c.payload)).all()
    assert [(row.address, row.kind, row.payload["html"]) for row in rows] == [
        (CAROL, "invite", "<p>Come </p>")
    ] * 2
    inbox = (await api.get("/inbox", params={"partner": "web@corp.example"})).json()["items"]
    assert [(one["record"]["key"], one["reason"]) for one in inbox] == [("2", "invited"), ("1", "invited")]
    for key in ("1", "2"):
        log = (await api.get(f"/records/ticket/{key}/messages")).json()["items"]
        assert {
            (one["body_text"], notice["partner"]["email"], notice["state"], notice["reason"])
            for one in log for notice in one["notices"]
        } == {
            ("Ann invited Web.", "web@corp.example", "inbox", "invited"),
            ("Ann invited None.", "none@corp.example", "skipped", "wants no notices"),
            ("Ann invited Carol.", CAROL, "queued", "invited"),
        }  # fmt: skip


async def test_t111_and_t110_the_defaults_first_then_what_was_chosen_until_something_else_is(
    web: Web, api: Api
):
    """B08, B09: without subtypes a subscription stays as it is, with them it is replaced; 201 only the first time."""
    await add(api, "ann@corp.example", internal=True)
    subtypes = [
        {"name": "discussions", "label": "Discussions", "default": True},
        {"name": "log", "label": "Log", "default": True, "internal": True},
        {"name": "rated", "label": "Rated"},
    ]
    await api.put("/record-types/ticket", json={"subtypes": subtypes})
    await records(api, "1")
    got = []

    for email, wanted in (
        ("ann@corp.example", None), (CAROL, None), (CAROL, ["rated", "log"]), (CAROL, None), (CAROL, []),
    ):  # fmt: skip
        body = {"email": email} if wanted is None else {"email": email, "subtypes": wanted}
        answer = await api.post("/records/ticket/1/followers", json=body)
        got.append((answer.status_code, answer.json()["subtypes"]))

    assert got == [
        (201, ["discussions", "log"]), (201, ["discussions"]), (200, ["rated"]), (200, ["rated"]), (200, []),
    ]  # fmt: skip


async def test_t116_a_contact_who_is_named_by_two_addresses_follows_once_and_gets_one_mail(
    web: Web, api: Api
):
    await add(api, "ann@corp.example", internal=True)
    await add(api, CAROL, addresses=[CAROL, "carol@home.example"])
    await records(api, "1")

    first = await api.post("/records/ticket/1/followers", json={"email": CAROL})
    second = await api.post("/records/ticket/1/followers", json={"email": "carol@home.example"})
    await api.post("/records/ticket/1/messages", json={
        "kind": "message", "author": "ann@corp.example", "body_text": "Hello", "recipients": ["carol@home.example", CAROL],
        "mentions": ["carol@home.example"],
    })  # fmt: skip

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["partner"] == second.json()["partner"]
    assert [mail["To"] for mail in await send(web)] == [CAROL]


async def test_b11_a_hidden_subtype_is_not_offered_but_given_by_default_and_obeyed(web: Web, api: Api):
    await add(api, "ann@corp.example", internal=True)
    subtypes = [
        {"name": "discussions", "label": "Discussions", "default": True},
        {"name": "quiet", "label": "Quiet", "default": True, "hidden": True},
    ]
    shown = (await api.put("/record-types/ticket", json={"subtypes": subtypes})).json()["subtypes"]
    await records(api, "1")

    followed = await api.post("/records/ticket/1/followers", json={"email": CAROL})
    path = f"/records/ticket/1/followers/{followed.json()['partner']['id']}"
    changed = await api.patch(path, json={"subtypes": ["discussions"]})

    assert {one["name"]: one["hidden"] for one in shown}["quiet"] is True
    assert followed.json()["subtypes"] == ["discussions", "quiet"]
    assert changed.json()["subtypes"] == ["discussions"]


@pytest.mark.parametrize("policy", [{}, {"auto_follow_recipients": True}])
async def test_b19_a_type_may_make_followers_of_whom_a_message_names_but_never_by_a_note(
    web: Web, api: Api, policy
):
    for name in ("ann", "bob"):
        await add(api, f"{name}@corp.example", internal=True)
    await api.put("/record-types/ticket", json={"policy": policy})
    await records(api, "1")
    path = "/records/ticket/1/messages"
    note = {"kind": "note", "author": "ann@corp.example", "body_text": "x", "mentions": ["dan@x.example"]}

    await api.post(path, json={**note, "confirm_external": ["dan@x.example"]})
    await api.post(path, json={"kind": "message", "author": "ann@corp.example", "body_text": "y",
                               "recipients": [CAROL], "mentions": ["bob@corp.example"]})  # fmt: skip

    named = {CAROL, "bob@corp.example"} if policy else set()
    assert set(await following(api, "1")) == {"ann@corp.example", *named}


async def test_t122_a_batch_invites_only_who_is_new_and_unticked_nobody(web: Web, api: Api):
    """B04, B09."""
    names = await records(api, "1", "2")
    await api.post("/records/ticket/1/followers", json={"email": CAROL})

    await api.post(
        "/followers/batch", json={"records": names, "partners": [CAROL, "dan@x.example"], "notify": True}
    )
    await api.post("/followers/batch", json={"records": names, "partners": ["eve@x.example"], "notify": False,
                                             "invitation_html": "<p>No</p>"})  # fmt: skip

    queue = (await api.get("/deliveries")).json()["items"]
    assert sorted((one["address"], one["record"]["key"]) for one in queue) == [
        (CAROL, "2"), ("dan@x.example", "1"), ("dan@x.example", "2"),
    ]  # fmt: skip


async def test_a_second_invitation_is_sent_only_when_the_first_has_left(web: Web, api: Api):
    await records(api, "1")
    again = {"email": CAROL, "notify": True}
    for _ in range(2):
        await api.post("/records/ticket/1/followers", json=again)

    first = await send(web)
    await api.post("/records/ticket/1/followers", json=again)
    second = await send(web)

    assert [mail["To"] for mail in first + second] == [CAROL, CAROL]


@pytest.mark.parametrize("way", ["its Reply-To", "its Message-ID alone"])
async def test_the_answer_to_an_invitation_lands_on_the_thread(web: Web, api: Api, way: str):
    """B05 as the issue words it."""
    await add(api, "ann@corp.example", internal=True)
    await records(api, "1")
    await api.post("/records/ticket/1/followers", json={"email": CAROL, "notify": True, "actor": "ann@corp.example",
                                                        "invitation_html": "<p>Do you know more?</p>"})  # fmt: skip
    [invitation] = await send(web)
    assert "Ann invited you to follow this conversation:" in text_of(invitation)
    assert "Do you know more?" in text_of(invitation)
    to = invitation["Reply-To"] if way == "its Reply-To" else f"notifications@{DOMAIN}"

    answer = a_mail(CAROL, to=to, text="I do.", extra=f"In-Reply-To: {invitation['Message-ID']}\r\n")
    web.world.receive(stamped(answer, "customer.example"), to, client=hop_client())

    newest = (await api.get("/records/ticket/1/messages")).json()["items"][0]
    assert (newest["kind"], newest["body_text"], newest["author"]["email"]) == ("message", "I do.", CAROL)


async def test_who_is_assigned_reads_by_whom_and_what_changed_with_it(web: Web, api: Api):
    for name in ("ann", "bob"):
        await add(api, f"{name}@corp.example", internal=True)
    await records(api, "1")

    await api.put("/records/ticket/1", json={"assignee": "bob@corp.example", "actor": "ann@corp.example",
                                             "fields": {"amount": 5}})  # fmt: skip

    [mail] = await send(web)
    assert (mail["To"], mail["NotificationReason"]) == ("bob@corp.example", "assigned")
    assert "Ann assigned this to you:" in text_of(mail)
    assert "Amount: - -> €5.00" in text_of(mail) and "Assigned to: - -> Bob" in text_of(mail)
    assert "because this was assigned to you" in text_of(mail)


async def test_webhooks_are_entered_shown_changed_and_deleted(web: Web, api: Api):
    body = {"url": "https://host.example/hook", "events": ["message.posted"], "record_types": ["ticket"]}

    made = await api.put("/webhooks/host", json=body)
    again = await api.put("/webhooks/host", json={"events": ["record.opened"]})
    renewed = await api.put("/webhooks/host", json={"secret": None, "record_types": None, "active": False})

    assert (made.status_code, again.status_code, renewed.status_code) == (201, 200, 200)
    assert made.json()["secret"].startswith("whsec_") and "secret" not in again.json()
    assert renewed.json()["secret"] not in ("", made.json()["secret"])
    shown = (await api.get("/webhooks/host")).json()
    assert "secret" not in shown and "secret" not in (await api.get("/webhooks")).json()["items"][0]
    assert (shown["events"], shown["record_types"], shown["active"]) == (["record.opened"], [], False)
    assert (await api.get("/webhooks/host/events", params={"state": "failed"})).json()["items"] == []
    assert (await api.post("/webhooks/host/events/1/retry")).status_code == 409
    assert (await api.delete("/webhooks/host")).status_code == 204
    assert [(await api.get(path)).status_code for path in ("/webhooks/host", "/webhooks/host/events")] == [
        404,
        404,
    ]


async def test_a_webhook_that_cannot_work_is_refused_by_name(web: Web, api: Api):
    good: dict[str, Any] = {"url": "https://host.example/hook", "events": ["message.posted"]}
    cases = [
        ({**good, "url": "ftp://host.example"}, 422, "#/url"), ({**good, "url": "https://u:p@host.example"}, 422, "#/url"),
        ({**good, "url": "https:///x"}, 422, "#/url"), ({**good, "url": "https://h\r\nX: y/"}, 422, "#/url"),
        ({**good, "events": ["message.posted", "nonsense"]}, 422, "#/events/1"),
        ({**good, "record_types": ["nonsense"]}, 422, "#/record_types/0"),
        ({"url": good["url"]}, 400, "#/events"), ({"events": []}, 400, "#/url"), ({**good, "secret": "mine"}, 400, "#/secret"),
    ]  # fmt: skip
    for body, status, pointer in cases:
        refused = await api.put("/webhooks/host", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer), (
            refused.text
        )
    assert (await api.put("/webhooks/a%20b", json=good)).status_code == 422
    assert (await web.client("post", "read").put("/webhooks/host", json=good)).status_code == 403
    assert (await api.get("/webhooks")).json()["items"] == []


async def test_an_outsider_neither_sees_nor_sets_followers_and_a_colleague_may_always_leave(
    web: Web, api: Api
):
    """B02, B23, T119, T120."""
    carol = await add(api, CAROL)
    ann = await add(api, "ann@corp.example", internal=True)
    await add(api, "bob@corp.example", internal=True)
    await records(api, "1")
    path = "/records/ticket/1/followers"
    for email in (CAROL, "ann@corp.example"):
        await api.post(path, json={"email": email})
    await api.put(
        "/records/ticket/1", json={"members": ["bob@corp.example"]}
    )  # from now on Ann cannot read it

    assert (await api.get(path, params={"actor": CAROL})).status_code == 404
    assert (await api.post(path, json={"email": "dan@x.example", "actor": CAROL})).status_code == 404
    assert (await api.patch(f"{path}/{ann['id']}", json={"subtypes": [], "actor": CAROL})).status_code == 404
    assert (await api.delete(f"{path}/{carol['id']}", params={"actor": CAROL})).status_code == 404
    assert (
        await api.delete(f"{path}/{carol['id']}", params={"actor": "ann@corp.example"})
    ).status_code == 404
    assert set(await following(api, "1")) == {CAROL, "ann@corp.example"}
    assert (await api.delete(f"{path}/{ann['id']}", params={"actor": "ann@corp.example"})).status_code == 204
    assert (
        await api.delete(f"{path}/{carol['id']}", params={"actor": "bob@corp.example"})
    ).status_code == 204


async def test_a_record_shows_its_parent(web: Web, api: Api):
    await records(api, "project", "task")

    await api.put("/records/ticket/task", json={"parent": {"type": "ticket", "key": "project"}})

    assert (await api.get("/records/ticket/task")).json()["parent"] == {"type": "ticket", "key": "project"}
    assert [one["parent"] for one in (await api.get("/records")).json()["items"]][1] is None
    await api.put("/records/ticket/task", json={"parent": None})
    assert (await api.get("/records/ticket/task")).json()["parent"] is None


async def test_b08_the_answer_tells_that_an_outsider_has_no_internal_subtype(api: Api):
    await records(api, "1")
    path = "/records/ticket/1/followers"
    olga = {"email": "olga@customer.example", "notify": False}

    added = (await api.post(path, json={**olga, "subtypes": ["discussions", "note"]})).json()
    changed = await api.patch(f"{path}/{added['partner']['id']}", json={"subtypes": ["note"]})

    assert added["subtypes"] == ["discussions"]
    assert (changed.status_code, changed.json()["subtypes"]) == (200, [])
