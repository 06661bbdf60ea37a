"""The API as a host application uses it: records, messages, followers, partners, types, aliases."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import event

from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web, add

Api = httpx.AsyncClient


async def test_a_record_is_created_once_and_then_merged(api: Api):
    await add(api, "carla@example.com", internal=True)

    new = await api.put(
        "/records/ticket/7",
        json={"title": "Printer", "url": "https://host.test/7", "fields": {"stage": "new"}},
    )
    changed = await api.put(
        "/records/ticket/7", json={"url": None, "fields": {"amount": 5}, "assignee": "carla@example.com"}
    )

    assert (new.status_code, changed.status_code) == (201, 200)
    assert (
        new.json()["type"] == "ticket"
        and new.json()["follower_count"] == 0
        and new.json()["assignee"] is None
    )
    record = changed.json()
    assert (record["title"], record["url"], record["fields"]) == (
        "Printer",
        None,
        {"stage": "new", "amount": 5},
    )
    assert record["assignee"]["email"] == "carla@example.com" and record["follower_count"] == 1


async def test_the_reply_address_of_a_record_leads_to_it(web: Web, api: Api):
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    address = (await api.get("/records/ticket/7")).json()["reply_address"]

    target = web.world.acceptor.resolve_now(address)

    assert target.kind == "reply" and target.partner_id == 0


async def test_the_key_of_a_record_may_hold_a_slash_and_any_letter(api: Api):
    for path, key in (("2026%2F17", "2026/17"), ("%C3%A9%20%3F", "é ?"), ("a.b", "a.b")):
        made = await api.put(f"/records/ticket/{path}", json={"title": "x"})
        found = await api.get(f"/records/ticket/{path}")
        assert (made.status_code, found.json()["key"]) == (201, key)


async def test_changed_fields_become_one_log_entry_credited_to_the_actor(api: Api):
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer", "fields": {"stage": "new"}})

    await api.put(
        "/records/ticket/7", json={"fields": {"stage": "won", "amount": 3}, "actor": "carla@example.com"}
    )

    entry = (await api.get("/records/ticket/7/messages")).json()["items"][0]
    assert entry["kind"] == "log" and entry["author"]["email"] == "carla@example.com"
    assert [line["field"] for line in entry["tracking"]] == ["stage", "amount"]
    assert entry["tracking"][0] == {"field": "stage", "label": "Stage", "old": "New", "new": "Won"}


async def test_a_deleted_record_is_gone(api: Api):
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})

    gone = await api.delete("/records/ticket/7", params={"actor": "carla@example.com"})

    assert gone.status_code == 204
    assert (await api.get("/records/ticket/7")).status_code == 404


async def test_records_are_found_by_title_and_type(api: Api):
    for key, title in (("1", "Printer"), ("2", "Mouse")):
        await api.put(f"/records/ticket/{key}", json={"title": title})

    found = (await api.get("/records", params={"q": "print", "type": "ticket"})).json()

    assert [record["key"] for record in found["items"]] == ["1"] and found["next"] is None


async def a_conversation(api: Api) -> dict[str, Any]:
    await add(api, "carla@example.com", internal=True)
    await add(api, "olga@outside.example")
    await api.put("/records/ticket/7", json={"title": "Printer"})
    await api.post("/records/ticket/7/followers", json={"email": "olga@outside.example"})
    return {"kind": "message", "author": "carla@example.com", "body_text": "It is <fixed>."}


async def test_a_message_is_posted_and_shows_who_is_told(api: Api):
    body = await a_conversation(api)

    answer = await api.post("/records/ticket/7/messages", json=body)

    message = answer.json()
    assert answer.status_code == 201
    assert message["record"] == {"type": "ticket", "key": "7"} and message["kind"] == "message"
    assert message["author"] == {
        **message["author"],
        "name": "Carla",
        "email": "carla@example.com",
        "internal": True,
    }
    assert message["body_html"] == "<p>It is &lt;fixed&gt;.</p>" and message["subject"] is None
    told = {notice["partner"]["email"]: (notice["state"], notice["reason"]) for notice in message["notices"]}
    assert told["olga@outside.example"] == ("queued", "follower")
    assert (await api.get(f"/messages/{message['id']}")).json() == message


async def test_html_of_a_message_is_cleaned(api: Api):
    body = {
        **await a_conversation(api),
        "body_text": None,
        "body_html": '<p onclick="x()">Hi<script>alert(1)</script></p>',
    }

    message = (await api.post("/records/ticket/7/messages", json=body)).json()

    assert message["body_html"] == "<p>Hi</p>" and message["body_text"].strip() == "Hi"


async def test_a_note_to_an_outsider_needs_to_be_confirmed(api: Api):
    note = {**await a_conversation(api), "kind": "note", "mentions": ["olga@outside.example"]}

    refused = await api.post("/records/ticket/7/messages", json=note)
    posted = await api.post(
        "/records/ticket/7/messages", json={**note, "confirm_external": ["olga@outside.example"]}
    )

    assert refused.status_code == 409 and refused.json()["external"] == ["olga@outside.example"]
    assert refused.json()["errors"][0]["pointer"] == "#/confirm_external"
    assert posted.status_code == 201 and posted.json()["internal"]


async def test_a_failed_delivery_is_shown_on_the_message_with_status_and_words(web: Web, api: Api):
    from store.queries import delivery

    message = (await api.post("/records/ticket/7/messages", json=await a_conversation(api))).json()
    with web.world.database.write() as session:
        queued = delivery.queue(session, state="queued").rows[0]
        delivery.set_state(
            session,
            queued.id,
            states=["queued"],
            state="failed",
            status="5.1.1",
            detail="no such user",
            now=web.world.now,
        )

    notices = (await api.get(f"/messages/{message['id']}")).json()["notices"]

    failed = next(notice for notice in notices if notice["partner"]["email"] == "olga@outside.example")
    assert failed["state"] == "failed" and failed["reason"] == "follower: 5.1.1 no such user"


async def test_a_search_marks_its_hits_whatever_their_accents(api: Api):
    body = await a_conversation(api)
    await api.post("/records/ticket/7/messages", json={**body, "body_text": "Le CAFÉ & <bar> de Zoë"})
    await api.post("/records/ticket/7/messages", json={**body, "body_text": "nothing"})

    found = (await api.get("/records/ticket/7/messages", params={"q": "zoe cafe"})).json()

    assert found["total"] == 1
    assert found["items"][0]["highlights"] == ["Le <mark>CAFÉ</mark> &amp; &lt;bar&gt; de <mark>Zoë</mark>"]


async def test_a_page_of_messages_costs_the_same_whatever_its_length(web: Web, api: Api):
    body = await a_conversation(api)
    statements: list[str] = []
    note = lambda *given: statements.append(given[2])  # noqa: E731 - said once
    event.listen(web.world.database._reader, "before_cursor_execute", note)

    async def cost() -> int:
        statements.clear()
        await api.get("/records/ticket/7/messages")
        return len(statements)

    await api.post("/records/ticket/7/messages", json=body)
    alone = await cost()
    for _ in range(5):
        await api.post("/records/ticket/7/messages", json=body)

    assert await cost() == alone <= 8
    event.remove(web.world.database._reader, "before_cursor_execute", note)


async def test_a_post_costs_nine_statements_however_many_follow(web: Web, api: Api):
    body = await a_conversation(api)
    statements: list[str] = []
    note = lambda *given: statements.append(given[2])  # noqa: E731 - said once
    event.listen(web.world.database.engine, "before_cursor_execute", note)

    async def cost() -> int:
        statements.clear()
        await api.post("/records/ticket/7/messages", json=body)
        asked = [one for one in statements if not one.startswith(("BEGIN", "SELECT pg_notify"))]
        return len([one for one in asked if " api_token" not in one])

    await cost()
    few = await cost()
    for number in range(12):
        await api.post(
            "/records/ticket/7/followers", json={"email": f"f{number}@customer.example", "notify": False}
        )

    assert await cost() == few == 9, "\n".join(statements)
    event.remove(web.world.database.engine, "before_cursor_execute", note)


async def test_paging_is_stable_while_messages_arrive(api: Api):
    body = await a_conversation(api)
    ids = [(await api.post("/records/ticket/7/messages", json=body)).json()["id"] for _ in range(7)]
    path = "/records/ticket/7/messages?kind=message"

    first = (await api.get(f"{path}&limit=3")).json()
    await api.post("/records/ticket/7/messages", json=body)
    second = (await api.get(f"{path}&limit=3&before={first['next']}")).json()
    third = (await api.get(f"{path}&limit=3&before={second['next']}")).json()

    assert [m["id"] for page in (first, second, third) for m in page["items"]] == ids[::-1]
    assert third["next"] is None and (first["total"], second["total"]) == (7, 8)


async def test_a_page_can_be_asked_for_around_and_after_a_message(api: Api):
    body = await a_conversation(api)
    ids = [(await api.post("/records/ticket/7/messages", json=body)).json()["id"] for _ in range(7)]
    path = "/records/ticket/7/messages?kind=message"

    around = (await api.get(f"{path}&limit=4&around={ids[3]}")).json()
    after = (await api.get(f"{path}&limit=2&after={ids[3]}")).json()

    assert [m["id"] for m in around["items"]] == [ids[5], ids[4], ids[3], ids[2]] and around["next"] == ids[2]
    assert [m["id"] for m in after["items"]] == [ids[5], ids[4]]


async def test_the_audience_says_who_would_hear_of_it_and_why_not(api: Api):
    await a_conversation(api)
    await api.post("/records/ticket/7/followers", json={"email": "carla@example.com", "subtypes": ["note"]})

    message = (await api.get("/records/ticket/7/audience", params={"kind": "message"})).json()["items"]
    note = (
        await api.get(
            "/records/ticket/7/audience", params={"kind": "note", "mentions": "new@outside.example"}
        )
    ).json()["items"]

    assert {i["partner"]["email"]: (i["timing"], i["reason"]) for i in message} == {
        "olga@outside.example": ("now", "follower"),
        "carla@example.com": ("none", "not subscribed to discussions"),
    }
    assert {i["partner"]["email"]: i["timing"] for i in note} == {
        "olga@outside.example": "none", "carla@example.com": "now", "new@outside.example": "none",
    }  # fmt: skip
    assert (await api.get("/partners", params={"q": "new@outside"})).json()["items"] == []


async def test_a_follower_is_added_changed_and_removed(api: Api):
    await api.put("/records/ticket/7", json={"title": "Printer"})

    new = await api.post(
        "/records/ticket/7/followers", json={"email": "Olga@Outside.Example", "name": "Olga"}
    )
    again = await api.post("/records/ticket/7/followers", json={"email": "olga@outside.example"})
    path = f"/records/ticket/7/followers/{new.json()['partner']['id']}"
    changed = await api.patch(path, json={"subtypes": ["rated"]})
    gone = await api.delete(path)

    assert (new.status_code, again.status_code, changed.status_code, gone.status_code) == (201, 200, 200, 204)
    assert new.json()["partner"]["name"] == "Olga" and new.json()["subtypes"] == ["discussions"]
    assert changed.json()["subtypes"] == ["rated"]
    assert (await api.get("/records/ticket/7/followers")).json() == {"items": [], "next": None, "total": 0}
    assert (await api.delete(path)).status_code == 404


async def test_an_invitation_is_queued_only_when_it_is_wanted(api: Api):
    await api.put("/records/ticket/7", json={"title": "Printer"})

    await api.post("/records/ticket/7/followers", json={"email": "a@outside.example"})
    await api.post(
        "/records/ticket/7/followers",
        json={"email": "b@outside.example", "notify": True, "invitation_html": "<p>Hi</p>"},
    )

    deliveries = (await api.get("/deliveries", params={"record": "ticket/7"})).json()["items"]
    assert [(d["kind"], d["address"]) for d in deliveries] == [("invite", "b@outside.example")]


async def test_a_partner_is_created_and_merged(api: Api):
    new = await api.put(
        "/partners/Ann@Example.com", json={"name": "Ann", "phone": "12", "notify": {"timing": "web"}}
    )
    changed = await api.put(
        "/partners/ann@example.com", json={"phone": None, "role": "admin", "addresses": ["ann2@example.com"]}
    )

    assert (new.status_code, changed.status_code) == (201, 200)
    partner = changed.json()
    assert (partner["name"], partner["phone"], partner["internal"], partner["role"]) == (
        "Ann",
        "",
        True,
        "admin",
    )
    assert partner["addresses"] == ["ann2@example.com", "ann@example.com"] and partner["notify"] == {
        "timing": "web"
    }
    assert (await api.get("/partners", params={"q": "ann"})).json()["items"] == [partner]


async def test_every_list_declares_how_it_is_paged(web: Web):
    paths = (await web.open().get("/api/openapi.json")).json()["paths"]
    lists = [
        path for path, calls in paths.items()
        if "get" in calls and "Page" in str(calls["get"]["responses"]["200"])
    ]  # fmt: skip

    assert {"/api/v1/records", "/api/v1/blocks", "/api/v1/aliases", "/api/v1/webhooks"} <= set(lists)
    for path in lists:
        declared = {one["name"] for one in paths[path]["get"].get("parameters", []) if one["in"] == "query"}
        if path.endswith(UNPAGED):
            continue
        assert {"limit", "before", "after", "around"} <= declared, path
    limit = next(one for one in paths["/api/v1/records"]["get"]["parameters"] if one["name"] == "limit")
    assert "integer" in str(limit["schema"]) and not limit.get("required")
    assert "limit" not in str(paths["/api/v1/records/{record_type}/{key}"]["get"].get("parameters", []))


UNPAGED = ("/durations",)  # one row for each field


async def test_a_list_in_rising_order_goes_on_from_its_cursor(api: Api):
    for number in range(5):
        await add(api, f"p{number}@example.com")
    seen, cursor = [], ""
    while True:
        page = (await api.get(f"/partners?limit=2{cursor}")).json()
        seen += [partner["email"] for partner in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&before={page['next']}"
    assert seen == [f"p{number}@example.com" for number in range(5)]


async def test_a_record_type_is_declared_and_used(api: Api):
    declared = {
        "label": "Case",
        "fields": [{"name": "level", "label": "Level"}],
        "subtypes": [{"name": "done", "default": True}],
    }

    new = await api.put("/record-types/case", json=declared)
    await api.put("/record-types/case", json={"label": "Legal case"})
    record = await api.put("/records/case/1", json={"title": "A v. B", "fields": {"level": 1}})

    assert new.status_code == 201 and record.status_code == 201
    found = (await api.get("/record-types/case")).json()
    assert found["label"] == "Legal case" and [field["name"] for field in found["fields"]] == ["level"]
    assert {subtype["name"] for subtype in found["subtypes"]} == {"done", "discussions", "note", "activities"}
    assert (await api.delete("/record-types/case")).status_code == 409
    await api.delete("/records/case/1")
    assert (await api.delete("/record-types/case")).status_code == 204


async def test_an_alias_takes_effect_at_once(web: Web, api: Api):
    with pytest.raises(Exception, match="sales"):
        web.world.acceptor.resolve_now(f"sales@{DOMAIN}")

    new = await api.put(f"/aliases/sales@{DOMAIN}", json={"type": "ticket", "defaults": {"stage": "new"}})
    merged = await api.put(f"/aliases/sales@{DOMAIN}", json={"defaults": None})

    assert new.status_code == 201 and merged.json()["type"] == "ticket" and merged.json()["defaults"] == {}
    assert web.world.acceptor.resolve_now(f"sales@{DOMAIN}").kind == "alias"
    assert (await api.delete(f"/aliases/sales@{DOMAIN}")).status_code == 204


async def test_a_suppressed_address_is_not_told(api: Api):
    body = await a_conversation(api)

    put = await api.put("/suppressions/Olga@outside.example", json={"reason": "asked for it"})
    message = (await api.post("/records/ticket/7/messages", json=body)).json()

    assert put.status_code == 201 and put.json()["until"] is None
    assert "suppressed" in {notice["state"] for notice in message["notices"]}
    assert (await api.get("/suppressions")).json()["items"][0]["address"] == "olga@outside.example"
    assert (await api.delete("/suppressions/olga@outside.example")).status_code == 204
    assert (await api.get("/suppressions/olga@outside.example")).status_code == 404


async def test_a_delivery_can_be_dropped_and_tried_again(api: Api):
    await api.post("/records/ticket/7/messages", json=await a_conversation(api))
    delivery = (await api.get("/deliveries", params={"state": "queued"})).json()["items"][0]

    dropped = await api.post(f"/deliveries/{delivery['id']}/drop")
    again = await api.post(f"/deliveries/{delivery['id']}/drop")
    retried = await api.post(f"/deliveries/{delivery['id']}/retry", json={})

    assert (dropped.json()["state"], again.status_code, retried.json()["state"]) == ("skipped", 409, "queued")


async def test_the_inbox_shows_what_is_unread_until_it_is_read(api: Api):
    body = await a_conversation(api)
    await add(api, "dave@example.com", internal=True, notify={"timing": "web"})
    await api.post("/records/ticket/7/followers", json={"email": "dave@example.com"})
    message = (await api.post("/records/ticket/7/messages", json=body)).json()

    unread = (await api.get("/inbox", params={"partner": "dave@example.com"})).json()["items"]
    marked = await api.post("/inbox/read", json={"partner": "dave@example.com", "messages": [message["id"]]})

    assert [(i["message"], i["record"]["key"]) for i in unread] == [(message["id"], "7")]
    assert marked.json() == {"read": 1}
    assert (await api.get("/inbox", params={"partner": "dave@example.com"})).json()["items"] == []


async def test_health_needs_no_token_and_tells_nothing_of_anybody(web: Web, api: Api):
    web.world.receive(a_mail("stranger@secret.example"), f"support@{DOMAIN}")
    nobody = web.open()

    well, ready, figures = [await nobody.get(path) for path in ("/healthz", "/readyz", "/metrics")]

    assert well.status_code == ready.status_code == figures.status_code == 200
    assert "threadpost_mails_accepted_total 1.0" in figures.text and 'state="posted"' in figures.text
    assert "secret.example" not in figures.text


async def test_openapi_describes_the_calls(web: Web):
    document = (await web.open().get("/api/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/records/{record_type}/{key}/messages", "/api/v1/ledger/{mail_id}", "/api/v1/raw"} <= set(
        document["paths"]
    )
    assert "Problem" in document["components"]["schemas"] and not any(
        "/login" in path for path in document["paths"]
    )
