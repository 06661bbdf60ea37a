"""The mail of an author that did not arrive: listed for him, tried again, let be."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import update

from store.models import Delivery
from tests.web.conftest import Web, add
from tests.web.outbox import send

Api = httpx.AsyncClient
ALICE, BOB, OLGA = "alice@corp.example", "bob@corp.example", "olga@outside.example"


@pytest.fixture
async def failed(web: Web, api: Api) -> None:
    """Alice wrote to Olga on a ticket and on a contract, Bob on the ticket; none of it arrived."""
    for email in (ALICE, BOB):
        await add(api, email, internal=True)
    await add(api, OLGA)
    await api.put("/record-types/contract", json={"label": "Contract"})
    for path, author in (("ticket/7", ALICE), ("contract/1", ALICE), ("ticket/7", BOB)):
        await api.put(f"/records/{path}", json={"title": "x"})
        await api.post(
            f"/records/{path}/messages",
            json={"kind": "message", "author": author, "body_text": "Hi", "recipients": [OLGA]},
        )
    with web.world.database.write() as session:
        session.execute(
            update(Delivery.table())
            .where(Delivery.table().c.address == OLGA)
            .values(state="failed", status="5.1.1", detail="no such user")
        )
        session.execute(
            update(Delivery.table()).where(Delivery.table().c.address != OLGA).values(state="sent")
        )


async def failures(api: Api, author: str, **params: Any) -> dict[str, Any]:
    answer = await api.get("/failures", params={"author": author, **params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_t147_only_the_failing_messages_of_the_author(api: Api, failed):
    found = await failures(api, ALICE)

    assert [(one["record"]["type"], one["address"], one["status"]) for one in found["items"]] == [
        ("contract", OLGA, "5.1.1"), ("ticket", OLGA, "5.1.1"),
    ]  # fmt: skip
    assert found["by_record_type"] == {"contract": 1, "ticket": 1}
    assert len((await failures(api, ALICE, record_type="ticket"))["items"]) == 1
    first = await failures(api, ALICE, limit=1)
    assert len((await failures(api, ALICE, limit=1, before=first["next"]))["items"]) == 1


async def test_t147_cancel_by_type_clears_only_his(web: Web, api: Api, failed):
    done = await api.post("/failures/cancel", json={"author": ALICE, "record_type": "ticket"})

    assert done.json() == {"changed": 1}
    assert (await failures(api, ALICE))["by_record_type"] == {"contract": 1}
    assert (await failures(api, BOB))["by_record_type"] == {"ticket": 1}
    [skipped] = (await api.get("/deliveries", params={"state": "skipped"})).json()["items"]
    assert skipped["detail"] == f"cancelled by {ALICE}: no such user"
    assert await send(web) == []


async def test_d16_tried_again_one_by_one_or_all(web: Web, api: Api, failed):
    one = (await failures(api, ALICE))["items"][0]
    theirs = (await failures(api, BOB))["items"][0]

    foreign = await api.post("/failures/retry", json={"author": ALICE, "deliveries": [theirs["id"]]})
    single = await api.post("/failures/retry", json={"author": ALICE, "deliveries": [one["id"]]})
    assert (foreign.json()["changed"], single.json()["changed"]) == (0, 1)
    assert [mail["To"] for mail in await send(web)] == [OLGA]
    rest = await api.post("/failures/retry", json={"author": ALICE})
    assert rest.json()["changed"] == 1
    assert (await failures(api, ALICE))["items"] == []


async def test_t147_records_that_he_may_not_open_and_types_the_token_does_not_cover_stay_out(
    web: Web, api: Api, failed
):
    limited = web.client("read", "post", types=("contract",))

    assert (await failures(limited, ALICE))["by_record_type"] == {"contract": 1}
    assert (await limited.post("/failures/cancel", json={"author": BOB})).json() == {"changed": 0}
    await api.put(f"/partners/{BOB}", json={"active": False})
    assert (await failures(api, BOB))["items"] == []
    assert (await api.get("/failures", params={"author": "who@nowhere.example"})).status_code == 422


async def test_t147_an_address_that_gets_no_mail_is_a_failure_of_the_author(web: Web, api: Api, failed):
    await api.put(f"/suppressions/{OLGA}", json={"reason": "no such mailbox"})
    said = (
        await api.post(
            "/records/contract/1/messages",
            json={"kind": "message", "author": BOB, "body_text": "Hi", "recipients": [OLGA]},
        )
    ).json()

    [notice] = [one for one in said["notices"] if one["partner"]["email"] == OLGA]
    assert (notice["state"], notice["reason"]) == ("suppressed", "no such mailbox")
    [mine, _] = (await failures(api, BOB))["items"]
    assert (mine["id"], mine["state"], mine["detail"]) == (
        notice["delivery"],
        "suppressed",
        "no such mailbox",
    )
    assert OLGA not in {str(mail["To"]) for mail in await send(web)}
    await api.delete(f"/suppressions/{OLGA}")
    assert (await api.post("/failures/retry", json={"author": BOB, "record_type": "contract"})).json() == {
        "changed": 1
    }
    assert [mail["To"] for mail in await send(web)] == [OLGA]


async def test_d16_failures_are_for_their_author_and_admins(web: Web, api: Api, failed):
    await add(api, "carla@corp.example", internal=True, role="admin")

    for call in ("retry", "cancel"):
        foreign = await api.post(f"/failures/{call}", json={"author": ALICE, "actor": BOB})
        unknown = await api.post(f"/failures/{call}", json={"author": ALICE, "actor": "who@nowhere.example"})
        assert foreign.status_code == 403
        assert unknown.status_code == 422 and unknown.json()["errors"][0]["pointer"] == "#/actor"
    assert (await api.get("/failures", params={"author": ALICE, "actor": BOB})).status_code == 403
    assert len((await failures(api, ALICE, actor=ALICE))["items"]) == 2
    cancelled = await api.post("/failures/cancel", json={"author": ALICE, "actor": "carla@corp.example"})
    assert cancelled.json() == {"changed": 2}


async def test_d15_the_author_tries_a_single_mail_again_that_his_message_names(web: Web, api: Api, failed):
    plain = web.client("read", "post")
    [said] = [
        one
        for one in (await api.get("/records/ticket/7/messages", params={"kind": "message"})).json()["items"]
        if one["author"]["email"] == ALICE
    ]
    [delivery] = [one["delivery"] for one in said["notices"] if one["partner"]["email"] == OLGA]
    path = f"/deliveries/{delivery}/retry"

    nobody = await plain.post(path)
    assert nobody.status_code == 403 and nobody.json()["errors"][0]["pointer"] == "#/actor"
    assert (await plain.post(path, json={"actor": BOB})).status_code == 404
    assert (
        await web.client("post", types=("contract",)).post(path, json={"actor": ALICE})
    ).status_code == 404
    assert (await web.client("read").post(path, json={"actor": ALICE})).status_code == 403
    again = await plain.post(path, json={"actor": ALICE})

    assert again.status_code == 200 and again.json()["state"] == "queued", again.text
    assert [mail["To"] for mail in await send(web)] == [OLGA]


async def test_what_is_tried_again_once_the_address_gets_mail_is_shown_as_mailed(web: Web, api: Api, failed):
    await api.put(f"/suppressions/{OLGA}", json={"reason": "no such mailbox"})
    body = {"kind": "message", "author": BOB, "body_text": "Hi", "recipients": [OLGA]}
    said = (await api.post("/records/contract/1/messages", json=body)).json()
    await api.delete(f"/suppressions/{OLGA}")

    await api.post("/failures/retry", json={"author": BOB, "record_type": "contract"})
    await send(web)

    shown = (await api.get(f"/messages/{said['id']}")).json()
    [notice] = [one for one in shown["notices"] if one["partner"]["email"] == OLGA]
    assert [notice[name] for name in ("channel", "state", "reason")] == ["email", "sent", "recipient"]


async def test_who_has_the_mail_is_not_shown_as_left_out_because_his_twin_was_merged(web: Web, api: Api):
    await add(api, ALICE, internal=True)
    await api.put("/records/ticket/7", json={"title": "x"})
    for email in (OLGA, "olga@home.example"):
        await api.post("/records/ticket/7/followers", json={"email": email, "notify": False})
    body = {"kind": "message", "author": ALICE, "body_text": "Hi"}
    said = (await api.post("/records/ticket/7/messages", json=body)).json()

    merged = await api.post("/partners/olga@home.example/merge", json={"into": OLGA})

    assert merged.status_code == 200, merged.text
    assert len(await send(web)) == 1
    shown = (await api.get(f"/messages/{said['id']}")).json()
    [notice] = [one for one in shown["notices"] if one["partner"]["email"] == OLGA]
    assert (notice["channel"], notice["state"]) == ("email", "sent")
