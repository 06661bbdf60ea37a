"""The HTTP door for mail, the ledger, and what a person does about a held mail."""

from __future__ import annotations

import httpx
import pytest

from tests.builders import DOMAIN, a_mail, hop_client, stamped
from tests.web.conftest import Web, add

SUPPORT = f"support@{DOMAIN}"


async def test_a_mail_over_http_is_durable_before_the_answer(web: Web):
    mail = a_mail("a@stranger.example")

    answer = await web.client("ingest").post(
        "/raw", params={"rcpt": [SUPPORT, "x@elsewhere.example"], "from": "a@stranger.example"}, content=mail,
        headers={"Content-Type": "message/rfc822"},
    )  # fmt: skip

    assert answer.status_code == 202
    assert answer.json()["targets"] == [{"forward_path": SUPPORT, "kind": "alias"}]
    assert answer.json()["unknown"] == ["x@elsewhere.example"]
    assert bytes(web.world.entry(answer.json()["id"]).raw) == mail


async def test_a_large_mail_over_http_is_streamed_to_a_blob(web: Web, api: httpx.AsyncClient):
    mail = a_mail("a@stranger.example", text="x" * 70 + "\r\n" + "line\r\n" * 20_000)

    entry = (await api.post("/raw", params={"rcpt": SUPPORT}, content=mail)).json()["id"]
    raw = await api.get(f"/ledger/{entry}/raw")

    assert raw.content == mail and raw.headers["content-type"] == "message/rfc822"
    assert (
        raw.headers["content-disposition"].startswith("attachment;")
        and raw.headers["x-content-type-options"] == "nosniff"
    )


REFUSED = [
    ("", b"x", 400, ["#/rcpt"]),
    (f"rcpt={SUPPORT}", b"", 400, ["#"]),
    (
        "rcpt=nobody@elsewhere.example&rcpt=reply%2Baaaa@threads.example.test",
        b"x",
        422,
        ["#/rcpt/0", "#/rcpt/1"],
    ),
    (f"rcpt={SUPPORT}&from=not an address", b"x", 422, ["#/from"]),
    (f"rcpt={SUPPORT}", b"x" * 200_001, 413, []),
]


async def test_what_the_http_door_refuses(api: httpx.AsyncClient):
    for query, body, status, pointers in REFUSED:
        answer = await api.post(f"/raw?{query}", content=body)

        assert (
            answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
        ), query
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert (await api.get("/ledger")).json()["items"] == []


async def test_the_same_mail_under_one_key_is_taken_once(web: Web, api: httpx.AsyncClient):
    mail = a_mail("a@stranger.example")

    once, again = [
        await api.post("/raw", params={"rcpt": SUPPORT}, content=mail, headers={"Idempotency-Key": "m"})
        for _ in range(2)
    ]
    other = await api.post(
        "/raw", params={"rcpt": SUPPORT}, content=b"other", headers={"Idempotency-Key": "m"}
    )

    assert once.json() == again.json() and other.status_code == 422
    assert len((await api.get("/ledger")).json()["items"]) == 1


async def test_an_entry_tells_the_whole_journey(web: Web, api: httpx.AsyncClient):
    mail_id = web.world.receive(
        a_mail("a@stranger.example", subject="Help"), SUPPORT, reverse_path="a@stranger.example"
    )

    entry = (await api.get(f"/ledger/{mail_id}")).json()

    assert entry["state"] == "posted" and entry["door"] == "smtp" and entry["subject"] == "Help"
    assert entry["forward_paths"] == [SUPPORT] and entry["reverse_path"] == "a@stranger.example"
    target = entry["targets"][0]
    assert target["record"]["type"] == "ticket" and target["record"]["key"].startswith("tp-")
    assert (await api.get(f"/messages/{target['message']}")).json()["body_text"] == "Hello there."
    assert {"parse", "authenticate", "classify", "route", "identify"} <= {
        line["step"] for line in entry["trace"]
    }
    assert all("target" not in line for line in entry["trace"])


async def test_the_trace_of_several_targets_names_each(web: Web, api: httpx.AsyncClient):
    threads = [web.world.ticket(key) for key in ("1", "2")]
    carla = web.world.partner("carla@example.com", internal=True)
    paths = [web.world.reply_address(thread, carla) for thread in threads]
    mail_id = web.world.receive(
        stamped(a_mail("carla@example.com"), "example.com"), *paths, client=hop_client()
    )

    entry = (await api.get(f"/ledger/{mail_id}")).json()

    assert [target["record"]["key"] for target in entry["targets"]] == ["1", "2"]
    assert "target" not in entry["trace"][0]
    assert {line["target"] for line in entry["trace"] if "target" in line} == set(paths)


@pytest.mark.parametrize(
    ("given", "reverse_path", "state"),
    [
        ({}, "a@stranger.example", "posted"),
        ({"from": ""}, "", "held"),
        ({"from": "b@x.example"}, "b@x.example", "posted"),
    ],
)
async def test_a_mail_over_http_without_a_reverse_path_comes_from_its_author(
    web: Web, api: httpx.AsyncClient, given: dict[str, str], reverse_path: str, state: str
):
    taken = await api.post(
        "/raw", params={"rcpt": SUPPORT, **given}, content=a_mail("A <a@stranger.example>")
    )
    while web.world.worker.run_once():
        pass

    entry = (await api.get(f"/ledger/{taken.json()['id']}")).json()
    assert (entry["reverse_path"], entry["state"]) == (reverse_path, state)


async def held(web: Web) -> int:
    """A mail that claims to be a colleague's, with nothing to prove it."""
    thread = web.world.ticket("7")
    carla = web.world.partner("carla@example.com", internal=True)
    mail_id = web.world.receive(
        a_mail("carla@example.com", subject="Held"), web.world.reply_address(thread, carla)
    )
    assert web.world.entry(mail_id).state == "held"
    return mail_id


async def test_a_held_mail_is_released_and_the_answer_waits_for_it(web: Web, api: httpx.AsyncClient):
    mail_id = await held(web)

    with web.working():
        released = await api.post(
            f"/ledger/{mail_id}/release", json={"as": "carla@example.com", "actor": "root@example.com"}
        )

    entry = released.json()
    assert released.status_code == 200 and entry["state"] == "posted", entry
    messages = (await api.get("/records/ticket/7/messages?kind=message")).json()["items"]
    assert [m["id"] for m in messages] == [entry["targets"][0]["message"]] and messages[0]["author"][
        "name"
    ] == "Carla"


async def test_a_held_mail_is_discarded_but_kept(web: Web, api: httpx.AsyncClient):
    mail_id = await held(web)

    discarded = await api.post(f"/ledger/{mail_id}/discard")
    again = await api.post(f"/ledger/{mail_id}/discard")

    assert discarded.json()["state"] == "refused" and again.status_code == 409
    assert (await api.get(f"/ledger/{mail_id}/raw")).status_code == 200


async def test_a_held_mail_is_replayed_to_a_record_that_somebody_names(web: Web, api: httpx.AsyncClient):
    mail_id = await held(web)
    await api.put("/records/ticket/8", json={"title": "Right one"})

    with web.working():
        entry = (
            await api.post(f"/ledger/{mail_id}/replay", json={"record": {"type": "ticket", "key": "8"}})
        ).json()

    assert entry["state"] == "posted" and entry["targets"][0]["record"] == {"type": "ticket", "key": "8"}


async def test_a_replay_is_rehearsed_with_its_trace_and_leaves_nothing(web: Web, api: httpx.AsyncClient):
    mail_id = await held(web)
    await api.put("/records/ticket/8", json={"title": "Right one"})
    before = (await api.get(f"/ledger/{mail_id}")).json()
    told = (await api.get("/deliveries")).json()["items"]

    again = (await api.post(f"/ledger/{mail_id}/replay", json={"dry_run": True})).json()
    there = await api.post(f"/ledger/{mail_id}/replay", json={"dry_run": True, "record": "ticket/8"})

    assert (again["state"], again["reason"]) == ("held", before["reason"])
    entry = there.json()
    assert (there.status_code, entry["id"], entry["state"]) == (200, mail_id, "posted")
    assert entry["targets"][0]["record"] == {"type": "ticket", "key": "8"}
    assert entry["targets"][0]["message"] is None
    assert {"parse", "route", "admit"} <= {line["step"] for line in entry["trace"]}
    assert (await api.get(f"/ledger/{mail_id}")).json() == before
    assert (await api.get("/deliveries")).json()["items"] == told
    assert (await api.get("/records/ticket/8/messages?kind=message")).json()["total"] == 0


async def test_a_rehearsal_names_no_record_that_does_not_exist(web: Web, api: httpx.AsyncClient):
    await api.put("/blocks/a@stranger.example", json={})
    mail_id = web.world.receive(a_mail("a@stranger.example"), SUPPORT)
    assert web.world.entry(mail_id).state == "held"
    await api.delete("/blocks/a@stranger.example")

    entry = (await api.post(f"/ledger/{mail_id}/replay", json={"dry_run": True})).json()

    assert (entry["state"], entry["targets"][0]["record"]) == ("posted", None)
    assert (await api.get("/records")).json()["items"] == []


async def test_a_rehearsal_of_a_mail_whose_octets_are_gone_says_so(web: Web, api: httpx.AsyncClient):
    await api.put("/blocks/a@stranger.example", json={})
    mail_id = web.world.receive(a_mail("a@stranger.example", text="line\r\n" * 20_000), SUPPORT)
    for file in (web.world.directory / "blobs").rglob("*"):
        if file.is_file():
            file.unlink()

    answer = await api.post(f"/ledger/{mail_id}/replay", json={"dry_run": True})

    assert answer.status_code == 409 and "cannot be read" in answer.json()["detail"]


async def test_a_rehearsal_is_refused_as_the_replay_would_be(web: Web, api: httpx.AsyncClient):
    posted = web.world.receive(a_mail("a@stranger.example"), SUPPORT)
    waiting = await held(web)
    limited = web.client("admin", types=("order",))

    for client, mail_id, body, status in (
        (api, posted, {}, 409), (api, 99, {}, 404), (api, waiting, {"record": "ticket/none"}, 422),
        (limited, waiting, {}, 404), (limited, waiting, {"record": "ticket/7"}, 403),
    ):  # fmt: skip
        answer = await client.post(f"/ledger/{mail_id}/replay", json={"dry_run": True, **body})
        assert answer.status_code == status, (mail_id, body, answer.text)


async def test_releasing_twice_under_one_key_posts_once(web: Web, api: httpx.AsyncClient):
    mail_id = await held(web)

    with web.working():
        answers = [
            await api.post(f"/ledger/{mail_id}/release", headers={"Idempotency-Key": "r"}) for _ in range(2)
        ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await api.get("/records/ticket/7/messages?kind=message")).json()["total"] == 1


async def test_a_release_as_nobody_is_refused_by_name(web: Web, api: httpx.AsyncClient):
    mail_id = await held(web)

    answer = await api.post(f"/ledger/{mail_id}/release", json={"as": "nobody@example.com"})

    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "#/as"


async def test_without_a_worker_the_answer_comes_when_patience_ends(web: Web, tmp_path):
    mail_id = await held(web)
    impatient = Web(web.world, tmp_path, patience=0.1)

    entry = (await impatient.client().post(f"/ledger/{mail_id}/release")).json()
    await impatient.close()

    assert entry["state"] == "received"


async def test_the_ledger_is_listed_newest_first_by_state_and_word(web: Web, api: httpx.AsyncClient):
    await add(api, "x@example.com")
    posted = [web.world.receive(a_mail("a@stranger.example", subject=f"No {n}"), SUPPORT) for n in range(3)]
    waiting = await held(web)

    everything = (await api.get("/ledger?limit=2")).json()
    rest = (await api.get(f"/ledger?limit=2&before={everything['next']}")).json()

    assert [e["id"] for e in everything["items"] + rest["items"]] == [waiting, *reversed(posted)] and rest[
        "next"
    ] is None
    assert [e["id"] for e in (await api.get("/ledger?state=held")).json()["items"]] == [waiting]
    assert [e["subject"] for e in (await api.get("/ledger?q=no 1")).json()["items"]] == ["No 1"]
