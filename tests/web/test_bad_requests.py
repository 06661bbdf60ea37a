"""What is refused, and that each refusal names its field; and that a repeated POST works once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN
from tests.web.conftest import Web, add

MESSAGES = "/records/ticket/7/messages"
FOLLOWERS = "/records/ticket/7/followers"
GOOD: dict[str, Any] = {"kind": "message", "author": "carla@example.com", "body_text": "Hi"}


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything; there is a ticket 7 and a colleague."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await add(api, "olga@outside.example")
    await api.put("/records/ticket/7", json={"title": "Printer"})
    return api


BAD = [
    ("POST", MESSAGES, {**GOOD, "author": 3}, 400, "#/author"),
    ("POST", MESSAGES, {"kind": "message", "body_text": "x"}, 400, "#/author"),
    ("POST", MESSAGES, {"kind": "message", "author": "carla@example.com"}, 400, "#/body_text"),
    ("POST", MESSAGES, {**GOOD, "mention": []}, 400, "#/mention"),
    ("POST", MESSAGES, {**GOOD, "mentions": ["a@b.example", 5]}, 400, "#/mentions/1"),
    ("POST", MESSAGES, [], 400, "#"),
    ("POST", MESSAGES, {**GOOD, "author": "nobody@example.com"}, 422, "#/author"),
    ("POST", MESSAGES, {**GOOD, "author": "not an address"}, 422, "#/author"),
    ("POST", MESSAGES, {**GOOD, "kind": "shout"}, 422, "#/kind"),
    ("POST", MESSAGES, {**GOOD, "mentions": ["carla@example.com", "x"]}, 422, "#/mentions/1"),
    ("POST", MESSAGES, {**GOOD, "attachment_ids": [99]}, 422, "#/attachment_ids/0"),
    ("POST", MESSAGES, {**GOOD, "kind": "note", "author": "olga@outside.example"}, 422, "#/author"),
    ("POST", MESSAGES, {**GOOD, "send_at": "soon"}, 422, "#/send_at"),
    ("POST", MESSAGES, {**GOOD, "template": "welcome"}, 422, "#/template"),
    ("POST", FOLLOWERS, {"email": "x"}, 422, "#/email"),
    ("POST", FOLLOWERS, {"email": "a@b.example", "subtypes": ["gossip"]}, 422, "#/subtypes"),
    ("PUT", "/records/ticket/7", {"assignee": "nobody@example.com"}, 422, "#/assignee"),
    ("PUT", "/records/ticket/7", {"actor": "nobody@example.com"}, 422, "#/actor"),
    ("PUT", "/records/ticket/7", {"domain": "elsewhere.example"}, 422, "#/domain"),
    ("PUT", "/records/ticket/7", {"fields": []}, 400, "#/fields"),
    ("PUT", "/partners/x", {}, 422, "#/email"),
    ("PUT", "/partners/a@b.example", {"timezone": "Mars/Phobos"}, 422, "#/timezone"),
    ("PUT", "/partners/a@b.example", {"role": "king"}, 422, "#/role"),
    ("PUT", "/partners/a@b.example", {"notify": {"timing": "never"}}, 422, "#/notify/timing"),
    ("PUT", "/partners/a@b.example", {"addresses": ["carla@example.com"]}, 422, "#/addresses/0"),
    ("PUT", "/aliases/sales@elsewhere.example", {"type": "ticket"}, 422, "#/address"),
    ("PUT", f"/aliases/sales@{DOMAIN}", {"type": "nothing"}, 422, "#/type"),
    (
        "PUT",
        f"/aliases/sales@{DOMAIN}",
        {"type": "ticket", "policy": {"stranger": "bounce"}},
        422,
        "#/policy/stranger",
    ),
    (
        "PUT",
        f"/aliases/sales@{DOMAIN}",
        {"type": "ticket", "policy": {"stanger/~": "hold"}},
        422,
        "#/policy/stanger~1~0",
    ),
    (
        "PUT",
        f"/aliases/sales@{DOMAIN}",
        {"type": "ticket", "policy": {"access": "all"}},
        422,
        "#/policy/access",
    ),
    ("PUT", "/record-types/ticket", {"policy": {"automatic": "maybe"}}, 422, "#/policy/automatic"),
    ("PUT", "/record-types/ticket", {"policy": {"known": ["hold"]}}, 422, "#/policy/known"),
    ("PUT", f"/aliases/reply@{DOMAIN}", {"type": "ticket"}, 422, "#/address"),
    ("PUT", f"/aliases/postmaster@{DOMAIN}", {"type": "ticket"}, 422, "#/address"),
    ("PUT", f"/aliases/abuse@{DOMAIN}", {"type": "ticket"}, 422, "#/address"),
    ("PUT", f"/aliases/sales@{DOMAIN}", {}, 400, "#/type"),
    ("PUT", "/record-types/case", {"fields": [{"name": "a", "type": "colour"}]}, 422, "#/fields/0/type"),
    ("PUT", "/record-types/case", {"subtypes": [{"name": "a b"}]}, 422, "#/subtypes/0/name"),
    ("PUT", "/suppressions/x", {}, 422, "#/address"),
    ("PUT", "/suppressions/a@b.example", {"until": "2001-01-01T00:00:00Z"}, 422, "#/until"),
    ("POST", "/ledger/1/replay", {"record": "ticket"}, 400, "#/record"),
    ("GET", f"{MESSAGES}?limit=", None, 400, "#/limit"),
    ("GET", f"{MESSAGES}?limit=many", None, 400, "#/limit"),
    ("GET", f"{MESSAGES}?limit=0", None, 422, "#/limit"),
    ("GET", f"{MESSAGES}?before=x", None, 400, "#/before"),
    ("GET", f"{MESSAGES}?before=1&after=2", None, 422, "#/after"),
    ("GET", f"{MESSAGES}?kind=shout", None, 422, "#/kind"),
    ("GET", "/records/ticket/7/audience?subtype=gossip", None, 422, "#/subtype"),
    ("GET", "/inbox", None, 400, "#/partner"),
    ("GET", "/inbox?partner=nobody@example.com", None, 422, "#/partner"),
    ("GET", "/ledger?state=lost", None, 422, "#/state"),
    ("GET", "/deliveries?record=ticket", None, 400, "#/record"),
]


async def test_every_refusal_is_a_problem_document_that_names_its_field(api: httpx.AsyncClient):
    for method, path, body, status, pointer in BAD:
        answer = await api.request(method, path, json=body)

        assert answer.status_code == status, (path, body, answer.text)
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (
            (problem["type"], problem["status"]) == ("about:blank", status)
            and problem["title"]
            and problem["detail"]
        )
        assert [error["pointer"] for error in problem["errors"]] == [pointer], (path, body, answer.text)
        assert problem["errors"][0]["detail"]


BEYOND = 2**63
UNKEPT: list[tuple[str, str, Any, str]] = [
    ("POST", MESSAGES, {**GOOD, "body_text": "a\0b"}, "#/body_text"),
    ("POST", MESSAGES, {**GOOD, "subject": "\0"}, "#/subject"),
    ("POST", MESSAGES, {**GOOD, "mentions": ["carla@example.com", "a\0@b.example"]}, "#/mentions/1"),
    ("PUT", "/records/ticket/7", {"title": "a\0b"}, "#/title"),
    ("PUT", "/records/ticket/7", {"fields": {"a/b": {"id": "\0"}}}, "#/fields/a~1b/id"),
    ("PUT", "/records/ticket/7", {"fields": {"a\0b": 1}}, "#/fields/ab"),
    ("PUT", "/records/ticket/7", {"fields": {"amount": BEYOND}}, "#/fields/amount"),
    ("PUT", "/records/ticket/a%00b", {"title": "x"}, "#/key"),
    ("GET", "/records/ticket/a%00b", None, "#/key"),
    ("POST", "/records/batch", {"records": [{"type": "ticket", "key": "\0"}]}, "#/records/0/key"),
    ("PUT", "/partners/a@b.example", {"name": "a\0"}, "#/name"),
    ("PUT", "/record-types/case", {"label": "a\0"}, "#/label"),
    ("PUT", "/record-types/case", {"fields": [{"name": "a", "label": "\0"}]}, "#/fields/0/label"),
    ("PUT", "/suppressions/a@b.example", {"reason": "\0"}, "#/reason"),
    ("GET", "/records?q=%00&type=%00", None, "#/type"),
    ("GET", "/records?type=%00&actor=%00", None, "#/actor #/type"),
    ("GET", "/aliases?before=%00", None, "#/before"),
    ("DELETE", "/webhooks/x?actor=%00", None, "#/actor"),
    ("POST", f"/raw?rcpt=support@{DOMAIN}&from=%00", None, "#/from"),
    ("POST", MESSAGES, {**GOOD, "attachment_ids": [1, BEYOND]}, "#/attachment_ids/1"),
    ("POST", MESSAGES, {**GOOD, "attachment_ids": [str(BEYOND)]}, "#/attachment_ids/0"),
    ("POST", MESSAGES, {**GOOD, "attachment_ids": [-(10**30)]}, "#/attachment_ids/0"),
    ("PATCH", "/messages/1", {"attachment_ids": [BEYOND]}, "#/attachment_ids/0"),
    ("POST", "/records/ticket/7/split", {"key": "8", "message_ids": [BEYOND]}, "#/message_ids/0"),
    ("POST", "/inbox/read", {"partner": "carla@example.com", "messages": [10**40]}, "#/messages/0"),
    ("POST", "/inbox/read", {"partner": "carla@example.com", "messages": [str(10**40)]}, "#/messages/0"),
]


async def test_what_a_database_cannot_keep_is_refused_by_its_name(api: httpx.AsyncClient):
    for method, path, body, named in UNKEPT:
        answer = await api.request(method, path, json=body)

        assert answer.status_code == 422, (method, path, body, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == named.split(), (path, body)
        assert "\0" not in answer.text and "\\u0000" not in answer.text


async def test_a_question_with_a_nul_finds_what_its_words_find(api: httpx.AsyncClient):
    for path, words in (
        (MESSAGES, "printer"), ("/records", "printer"), ("/partners", "carla"), ("/ledger", "printer"),
        ("/search", "printer"),
    ):  # fmt: skip
        for question in ("\0", f"\0{words}\0", f"{words} \0 x"):
            assert (await api.get(path, params={"q": question})).status_code == 200, (path, question)


async def test_a_text_that_only_looks_like_a_nul_is_taken(api: httpx.AsyncClient):
    posted = await api.post(MESSAGES, json={**GOOD, "body_text": r"\u0000 1234567890123456789012"})

    assert posted.status_code == 201 and posted.json()["body_text"] == r"\u0000 1234567890123456789012"


async def test_half_a_surrogate_pair_is_a_bad_shape_that_names_its_field(api: httpx.AsyncClient):
    for text, pointer in (
        ('{"body_text": "a\\ud83db", "kind": "message"}', "#/body_text"),
        ('{"mentions": ["a", "\\udc00"]}', "#/mentions/1"),
        ('{"a\\ud83d": 1}', "#"),
    ):
        answer = await api.post(MESSAGES, content=text, headers={"Content-Type": "application/json"})

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer), text


NUMBERED = ("/messages/{}", "/attachments/{}", "/ledger/{}", "/ledger/{}/raw", "/messages/{}/versions")


async def test_a_number_that_no_thing_can_have_is_not_found(api: httpx.AsyncClient):
    for path in NUMBERED:
        for number in (BEYOND, 10**30, "9" * 5000):
            answer = await api.get(path.format(number))

            assert answer.status_code == 404 == answer.json()["status"], path
    for path in (
        f"/deliveries/{BEYOND}/retry",
        f"/ledger/{BEYOND}/release",
        f"/webhooks/x/events/{BEYOND}/retry",
    ):
        assert (await api.post(path)).status_code == 404, path
    assert (await api.delete(f"/records/ticket/7/followers/{BEYOND}")).status_code == 404


async def test_a_form_field_with_a_nul_is_refused_and_a_file_name_repaired(api: httpx.AsyncClient):
    upload = "/records/ticket/7/attachments"
    refused = await api.post(upload, files={"file": ("a.txt", b"x")}, data={"actor": "carla\0@example.com"})
    taken = await api.post(upload, files={"file": ("a\0b.txt", b"x")})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/actor")
    assert taken.status_code == 201 and "\0" not in taken.text and "\\u0000" not in taken.text


ABSENT = [
    ("GET", "/records/ticket/none", 404),
    ("GET", "/records/nothing/1", 404),
    ("PUT", "/records/nothing/1", 404),
    ("GET", "/messages/99", 404),
    ("GET", "/attachments/99", 404),
    ("GET", "/ledger/99", 404),
    ("GET", "/ledger/99/raw", 404),
    ("POST", "/ledger/99/release", 404),
    ("POST", "/deliveries/99/retry", 404),
    ("GET", "/nothing", 404),
    ("PUT", "/messages/1", 405),
    ("POST", "/messages/1", 405),
]


async def test_what_does_not_exist_is_a_problem_document_too(api: httpx.AsyncClient):
    for method, path, status in ABSENT:
        answer = await api.request(method, path, json={} if method == "PUT" else None)

        assert answer.status_code == status == answer.json()["status"], (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_is_no_json_is_a_bad_shape(api: httpx.AsyncClient):
    for body in (
        b"{",
        b"\xff",
        b'{"kind":' + b"[" * 20_000,
        b"",
        b'{"kind":"message"} x',
        b"<a/>",
        b"kind=x",
    ):
        for kind in ("application/json", "application/xml", "application/x-www-form-urlencoded", ""):
            answer = await api.post(MESSAGES, content=body, headers={"Content-Type": kind} if kind else {})

            assert answer.status_code == 400 and answer.json()["status"] == 400, body[:20]
            assert [one["pointer"] for one in answer.json()["errors"]] == ["#"], body[:20]


async def test_a_body_that_is_no_form_is_a_bad_shape_of_its_file(api: httpx.AsyncClient):
    for path in ("/records/ticket/7/attachments", "/templates/welcome/attachments"):
        for sent in (
            {"json": {"file": "x"}},
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
            {},
        ):
            answer = await api.post(path, **sent)

            assert answer.status_code == 400, answer.text
            assert [one["pointer"] for one in answer.json()["errors"]] == ["#/file"], sent


async def test_a_limit_over_200_counts_as_200(api: httpx.AsyncClient):
    assert (await api.get(f"{MESSAGES}?limit=100000")).status_code == 200


async def test_a_send_at_that_has_passed_means_now(api: httpx.AsyncClient):
    assert (await api.post(MESSAGES, json={**GOOD, "send_at": "2020-01-01T00:00:00Z"})).status_code == 201


async def test_an_unknown_partner_of_a_refused_message_is_not_entered(api: httpx.AsyncClient):
    note = {**GOOD, "kind": "note", "mentions": ["new@outside.example"]}

    assert (await api.post(MESSAGES, json=note)).status_code == 409
    assert (await api.get("/partners", params={"q": "new@outside"})).json()["items"] == []


async def total(api: httpx.AsyncClient) -> int:
    return int((await api.get(f"{MESSAGES}?kind=message")).json()["total"])


async def test_the_same_key_twice_posts_once(api: httpx.AsyncClient):
    once = await api.post(MESSAGES, json=GOOD, headers={"Idempotency-Key": "k1"})
    again = await api.post(MESSAGES, json=GOOD, headers={"Idempotency-Key": "k1"})
    other = await api.post(MESSAGES, json=GOOD, headers={"Idempotency-Key": "k2"})

    assert (once.status_code, again.status_code) == (201, 201) and once.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["id"] != once.json()["id"] and await total(api) == 2


async def test_the_same_key_at_once_posts_once(api: httpx.AsyncClient):
    answers = await asyncio.gather(
        *(api.post(MESSAGES, json=GOOD, headers={"Idempotency-Key": "k"}) for _ in range(6))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1 and await total(api) == 1


async def test_a_key_is_refused_for_another_request(api: httpx.AsyncClient):
    await api.post(MESSAGES, json=GOOD, headers={"Idempotency-Key": "k"})

    other = await api.post(MESSAGES, json={**GOOD, "body_text": "Ho"}, headers={"Idempotency-Key": "k"})

    assert other.status_code == 422 and other.json()["errors"][0]["pointer"] == "#/Idempotency-Key"
    assert await total(api) == 1


async def test_a_refused_request_keeps_no_key(api: httpx.AsyncClient):
    wrong = await api.post(
        MESSAGES, json={**GOOD, "author": "new@example.com"}, headers={"Idempotency-Key": "k"}
    )
    await add(api, "new@example.com")
    right = await api.post(
        MESSAGES, json={**GOOD, "author": "new@example.com"}, headers={"Idempotency-Key": "k"}
    )

    assert (wrong.status_code, right.status_code) == (422, 201)


async def test_two_applications_may_use_the_same_key(web: Web, api: httpx.AsyncClient):
    for client in (api, web.client()):
        await client.post(MESSAGES, json=GOOD, headers={"Idempotency-Key": "k"})

    assert await total(api) == 2


async def test_a_record_that_two_create_at_once_is_created_once(api: httpx.AsyncClient):
    answers = await asyncio.gather(
        *(api.put("/records/ticket/new", json={"title": str(n)}) for n in range(6))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
