"""Search over HTTP: hits with highlights, jumping to a hit, and never what the asker may not read."""

from __future__ import annotations

import httpx
import pytest

from tests.web.conftest import Web, add

MESSAGES = "/records/ticket/7/messages"


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything; there are two tickets and a colleague."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    await api.put("/records/ticket/8", json={"title": "Scanner"})
    return api


async def say(api: httpx.AsyncClient, text: str, path: str = MESSAGES, **values: object) -> int:
    body = {"kind": "message", "author": "carla@example.com", "body_text": text, **values}
    answer = await api.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def test_hits_come_newest_first_with_their_total_and_highlights(api: httpx.AsyncClient):
    ids = [await say(api, f"Das Café Nr. {n} & mehr") for n in range(3)]
    await say(api, "nothing of it")

    page = (await api.get(MESSAGES, params={"q": "CAFE mehr", "limit": "2"})).json()
    rest = (await api.get(MESSAGES, params={"q": "CAFE mehr", "before": page["next"]})).json()

    assert [item["id"] for item in page["items"]] == ids[:0:-1] and page["total"] == 3
    assert page["items"][0]["highlights"] == ["Das <mark>Café</mark> Nr. 2 &amp; <mark>mehr</mark>"]
    assert [item["id"] for item in rest["items"]] == ids[:1] and rest["next"] is None and rest["total"] == 3


async def test_f04_a_hit_is_marked_across_the_signs_between_its_words(api: httpx.AsyncClient):
    await say(api, "Invoice 4711 B is open")

    page = (await api.get(MESSAGES, params={"q": "4711/B"})).json()

    assert [item["highlights"] for item in page["items"]] == [["Invoice <mark>4711 B</mark> is open"]]


async def test_f02_an_entry_is_found_and_marked_by_what_its_subtype_is_called(api: httpx.AsyncClient):
    await api.put("/records/ticket/7", json={"fields": {"stage": "won"}})

    page = (await api.get(MESSAGES, params={"q": "stage changed"})).json()

    [hit] = page["items"]
    assert (
        hit["subtype"] == "stage_changed"
        and "<mark>Stage</mark> <mark>changed</mark>" in hit["highlights"][0]
    )


@pytest.mark.parametrize("query", ["", "needle"])
async def test_f07_kind_takes_several_kinds(api: httpx.AsyncClient, query: str):
    message = await say(api, "needle")
    note = await say(api, "needle", kind="note")
    both = [note, message]

    async def listed(*given: tuple[str, str]) -> list[int]:
        asked = [("q", query), *given] if query else list(given)
        answer = await api.get(MESSAGES, params=asked)
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"] == len(answer.json()["items"])
        return [item["id"] for item in answer.json()["items"] if item["id"] >= message]

    assert await listed(("kind", "message"), ("kind", "note")) == both
    assert await listed(("kind", "message,note")) == both
    assert await listed(("kind", "note")) == [note] and await listed(("kind", "log")) == []
    wrong = await api.get(MESSAGES, params={"q": query, "kind": "note,letter"})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["pointer"] == "#/kind"


async def test_the_total_of_a_very_long_thread_is_left_out(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    await say(api, "one")
    page = (await api.get(MESSAGES)).json()
    assert page["total"] == len(page["items"])

    monkeypatch.setattr("store.queries.conversation.MOST_COUNTED", page["total"] - 1)
    page = (await api.get(MESSAGES)).json()
    assert "total" not in page and page["items"]


async def test_lists_search_and_get_agree_for_whoever_asks_over_http(web: Web, api: httpx.AsyncClient):
    for name, access in (("open", "all"), ("closed", "followers"), ("named", "members")):
        await api.put(f"/record-types/{name}", json={"label": name, "policy": {"access": access}})
        named = {"members": ["carla@example.com"]} if access == "members" else {}
        await api.put(f"/records/{name}/1", json={"title": f"needle {name}", **named})
    await api.post("/records/closed/1/followers", json={"email": "carla@example.com"})
    await add(api, "bob@example.com", internal=True)
    await add(api, "carol@customer.example")
    await api.post("/records/closed/1/followers", json={"email": "bob@example.com"})
    said = {}
    for name in ("open", "closed", "named"):
        path = f"/records/{name}/1/messages"
        said[name, "plain"] = await say(api, "needle", path)
        said[name, "to carol"] = await say(api, "needle", path, recipients=["carol@customer.example"])
        said[name, "note"] = await say(api, "needle", path, kind="note")
        said[name, "to bob"] = await say(api, "needle", path, kind="note", mentions=["bob@example.com"])
    may = {
        "carol@customer.example": {n for (_, what), n in said.items() if what == "to carol"},
        "bob@example.com": {n for (name, what), n in said.items() if name != "named" or what == "to bob"},
        "carla@example.com": set(said.values()),  # who wrote them
    }
    limited = web.client("read", types=("open", "named"))
    of_limited = {n for (name, _), n in said.items() if name != "closed"}

    for client, covered in ((api, set(said.values())), (limited, of_limited)):
        for actor, allowed in [*may.items(), (None, set(said.values()))]:
            asked = {"actor": actor} if actor else {}
            wanted = allowed & covered
            found = (await client.get("/search", params={**asked, "q": "needle"})).json()
            got = {
                n
                for n in said.values()
                if (await client.get(f"/messages/{n}", params=asked)).status_code == 200
            }
            listed, searched = set(), set()
            for name in ("open", "closed", "named"):
                for more, seen in (({}, listed), ({"q": "needle"}, searched)):
                    answer = await client.get(f"/records/{name}/1/messages", params={**asked, **more})
                    if answer.status_code == 200:
                        seen |= {item["id"] for item in answer.json()["items"]} & set(said.values())

            assert {item["id"] for item in found["items"]} == got == listed == searched == wanted, (
                actor,
                covered,
            )
            assert found["total"] == len(wanted)


async def test_t187_what_stands_in_lines_of_a_removed_field_only_is_no_hit(api: httpx.AsyncClient):
    """The words of somebody beside it, and other lines of the entry, still are; and all of it when the field is back."""
    both = [{"name": name, "label": name.capitalize()} for name in ("code", "stage")]
    await api.put("/record-types/order", json={"label": "Order", "fields": both})
    await api.put("/records/order/1", json={"title": "One"})
    for change in (
        {"fields": {"code": "needle"}},
        {"fields": {"code": "x", "stage": "needle"}},
        {"fields": {"code": "y"}, "log": "needle is its name"},
    ):
        await api.put("/records/order/1", json=change)

    async def asked(q: str) -> list[tuple[int, int | None]]:
        found = []
        for path in ("/search", "/records/order/1/messages"):
            page = (await api.get(path, params={"q": q})).json()
            found.append((len(page["items"]), page.get("total")))
        return found

    assert await asked("needle") == [(3, 3)] * 2
    await api.put("/record-types/order", json={"fields": both[1:]})
    assert await asked("needle") == [(2, None)] * 2
    assert await asked("code") == [(0, None)] * 2
    assert await asked("need stage") == [(1, 1)] * 2, "the beginning of a word, and a line that stays"
    await api.put("/record-types/order", json={"fields": both})
    assert await asked("needle") == [(3, 3)] * 2


async def test_a_jump_loads_half_a_page_on_each_side_of_the_hit(api: httpx.AsyncClient):
    ids = [await say(api, f"message {n}") for n in range(12)]

    page = (await api.get(MESSAGES, params={"around": str(ids[5]), "limit": "6"})).json()

    assert [item["id"] for item in page["items"]] == [ids[n] for n in (8, 7, 6, 5, 4, 3)]


async def test_a_search_over_all_records_names_them(api: httpx.AsyncClient):
    first = await say(api, "needle")
    second = await say(api, "needle", "/records/ticket/8/messages")

    page = (await api.get("/search", params={"q": "needle"})).json()

    shown = [(item["id"], item["record"]["key"], item["title"]) for item in page["items"]]
    assert shown == [(second, "8", "Scanner"), (first, "7", "Printer")] and page["total"] == 2
    assert (await api.get("/search", params={"q": "needle", "type": "order"})).json()["items"] == []
    assert (await api.get("/search", params={"q": " "})).status_code == 422


async def test_a_token_of_some_record_types_finds_nothing_of_others(web: Web, api: httpx.AsyncClient):
    await api.put("/record-types/order", json={"label": "Order"})
    await api.put("/records/order/1", json={"title": "Secret"})
    await say(api, "needle", "/records/order/1/messages")
    mine = await say(api, "needle")
    limited = web.client("read", types=("ticket",))

    page = (await limited.get("/search", params={"q": "needle"})).json()

    assert [item["id"] for item in page["items"]] == [mine] and page["total"] == 1
    assert (await limited.get("/search", params={"q": "needle", "type": "order"})).json()["items"] == []


@pytest.mark.parametrize(
    "query", ['"', "'; DROP", "AND", "a*b(", "\0", "search_text:x", "😀", "%_\\", "x" * 5000]
)
async def test_odd_questions_are_answered(api: httpx.AsyncClient, query: str):
    for path in (MESSAGES, "/search"):
        answer = await api.get(path, params={"q": query})

        assert answer.status_code == 200 and answer.json()["items"] == [], (path, answer.text)


async def test_f07_conversations_alone_are_listed_and_searched(api: httpx.AsyncClient):
    said, noted = await say(api, "needle"), await say(api, "needle", kind="note")
    both = {"kind": "message,note"}

    listed = (await api.get(MESSAGES, params=both)).json()
    found = (await api.get(MESSAGES, params={**both, "q": "needle"})).json()
    everywhere = (await api.get("/search", params={**both, "q": "needle"})).json()
    wrong = await api.get(MESSAGES, params={"kind": "message,nothing"})

    for page in (listed, found, everywhere):
        assert [item["id"] for item in page["items"]] == [noted, said] and page["total"] == 2
    assert {item["kind"] for item in (await api.get(MESSAGES, params={"kind": "log"})).json()["items"]} == {
        "log"
    }
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/kind")
