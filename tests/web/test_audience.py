"""What a composer shows before a message is sent is what happens when it is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN
from tests.web.conftest import Web, add

Api = httpx.AsyncClient
TICKET = "/records/ticket/7"
CARLA, DAVE, OLGA, NINA, NEW = (
    "carla@example.com", "dave@example.com", "olga@outside.example", "nina@outside.example", "new@outside.example"
)  # fmt: skip


@pytest.fixture
async def api(web: Web) -> Api:
    """A ticket that a colleague who reads on the web and a customer follow, and a colleague who does not."""
    api = web.client()
    await add(api, CARLA, internal=True)
    await add(api, DAVE, internal=True, notify={"timing": "web"})
    await add(api, OLGA)
    await add(api, NINA)
    await api.put(TICKET, json={"title": "Printer"})
    for email in (DAVE, OLGA):
        await api.post(f"{TICKET}/followers", json={"email": email, "notify": False})
    await api.patch(f"{TICKET}/followers/2", json={"subtypes": ["discussions", "note"]})
    await api.put("/suppressions/gone@outside.example", json={"reason": "dead"})
    return api


POSTS: list[dict[str, Any]] = [
    {"kind": "message"},
    {"kind": "note"},
    {"kind": "message", "recipients": [NINA], "cc": [NEW]},
    {"kind": "message", "recipients": [NINA], "skip_followers": True},
    {"kind": "message", "mentions": [NEW, DAVE, "gone@outside.example"]},
    {"kind": "note", "mentions": [NINA], "confirm_external": [NINA]},
    {"kind": "note", "mentions": [NEW, DAVE], "confirm_external": [NEW]},
    {"kind": "note", "recipients": [OLGA], "cc": [NEW], "confirm_external": [OLGA, NEW], "skip_followers": True},
    {"kind": "message", "actor": DAVE},
]  # fmt: skip


@pytest.mark.parametrize("post", POSTS)
async def test_the_audience_is_who_is_told_when_it_is_posted(api: Api, post: dict[str, Any]):
    asked = await api.get(f"{TICKET}/audience", params={**post, "author": CARLA})
    posted = await api.post(f"{TICKET}/messages", json={**post, "author": CARLA, "body_text": "Hello"})

    assert (asked.status_code, posted.status_code) == (200, 201), asked.text + posted.text
    shown, told = (
        {
            one["partner"]["email"]: (one["channel"], one["reason"])
            for one in rows
            if one["reason"] != "the author"
        }
        for rows in (asked.json()["items"], posted.json()["notices"])
    )
    assert shown == told


async def test_an_outsider_of_a_note_is_for_staff_only_until_he_is_confirmed(api: Api):
    question = {"kind": "note", "mentions": f"{NINA},{NEW}"}

    before = (await api.get(f"{TICKET}/audience", params=question)).json()["items"]
    after = (
        await api.get(f"{TICKET}/audience", params={**question, "confirm_external": f"{NINA},{NEW}"})
    ).json()

    named = (NINA, NEW)
    assert {one["reason"] for one in before if one["partner"]["email"] in named} == {"for staff only"}
    assert {one["timing"] for one in before if one["partner"]["email"] in named} == {"none"}
    told = {one["partner"]["email"]: (one["timing"], one["reason"]) for one in after["items"]}
    assert told[NINA] == told[NEW] == ("now", "mention") and told[OLGA][0] == "none"
    assert [one["partner"]["id"] is None for one in after["items"]] == [False] * 3 + [True]
    assert (await api.get("/partners", params={"q": "new@outside"})).json()["items"] == []


WRONG = [
    ("mentions=x", "#/mentions/0"),
    ("recipients=a@b.example,x", "#/recipients/1"),
    ("cc=x", "#/cc/0"),
    ("confirm_external=x", "#/confirm_external/0"),
    (f"mentions=support@{DOMAIN}", "#/mentions/0"),
    ("limit=0", "#/limit"),
    ("author=nobody@x.example", "#/author"),
    ("kind=shout", "#/kind"),
]


@pytest.mark.parametrize(("query", "pointer"), WRONG)
async def test_a_wrong_question_is_refused_by_name(api: Api, query: str, pointer: str):
    answer = await api.get(f"{TICKET}/audience?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_the_audience_and_the_suggestions_come_in_pages(api: Api):
    for number in range(4):
        await api.post(f"{TICKET}/messages", json={
            "kind": "message", "author": CARLA, "body_text": "x", "recipients": [f"r{n}@outside.example" for n in range(number)],
        })  # fmt: skip
    for path in (
        f"{TICKET}/audience?recipients={NEW},zoe@outside.example",
        f"{TICKET}/suggested-recipients?a=1",
    ):
        whole = (await api.get(path)).json()
        seen: list[Any] = []
        cursor = ""
        while cursor is not None:
            page = (await api.get(f"{path}&limit=1" + (f"&before={cursor}" if cursor else ""))).json()
            assert len(page["items"]) == 1 and page["total"] == whole["total"]
            seen += page["items"]
            cursor = page["next"]
        assert seen == whole["items"] and len(seen) >= 3, path
        assert (await api.get(f"{path}&limit=0")).status_code == 422
