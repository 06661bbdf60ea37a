"""People over the API: their addresses, who is staff, how they want to be told, and two that become one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN
from tests.web.conftest import Web, add

Api = httpx.AsyncClient


def pointers(answer: httpx.Response) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


OURS = [f"{local}@{DOMAIN}" for local in (
    "support", "reply", "reply+abc", "bounce+abc", "leave+abc", "notifications", "postmaster", "abuse",
)]  # fmt: skip


@pytest.mark.parametrize("address", OURS)
async def test_an_address_of_ours_is_nobodys(api: Api, address: str):
    main = await api.put(f"/partners/{address}", json={"name": "Loop"})
    further = await api.put(
        "/partners/olga@outside.example", json={"addresses": ["o@outside.example", address]}
    )

    assert (main.status_code, pointers(main)) == (422, ["#/email"])
    assert (further.status_code, pointers(further)) == (422, ["#/addresses/1"])
    assert (await api.get("/partners/olga@outside.example")).status_code == 404


async def test_a_colleague_may_have_an_address_in_a_domain_of_ours(api: Api):
    assert (await add(api, f"carla@{DOMAIN}", internal=True))["email"] == f"carla@{DOMAIN}"


async def test_null_gives_a_partner_the_default_back(api: Api):
    await add(api, "ann@example.com", internal=True, role="admin", phone="1", notify={"timing": "web"})
    await api.put("/partners/ann@example.com", json={"active": False})

    cleared = await api.put(
        "/partners/ann@example.com", json={"internal": None, "active": None, "phone": None, "notify": None}
    )

    partner = cleared.json()
    assert cleared.status_code == 200
    assert (partner["internal"], partner["role"], partner["active"]) == (False, "", True)
    assert (partner["phone"], partner["notify"]) == ("", {})


ROLES: list[tuple[dict[str, Any], dict[str, Any], tuple[bool, str]]] = [
    ({"internal": True, "role": "admin"}, {"internal": False}, (False, "")),
    ({"internal": True}, {"name": "Ann"}, (True, "member")),
    ({}, {"internal": True}, (True, "member")),
    ({}, {"role": "admin"}, (True, "admin")),
    ({"role": "admin"}, {"internal": True}, (True, "admin")),
    ({"role": "admin"}, {"role": None}, (True, "member")),
    ({}, {"role": ""}, (False, "")),
]


@pytest.mark.parametrize(("before", "change", "after"), ROLES)
async def test_a_role_makes_a_colleague_and_an_outsider_has_none(
    api: Api, before: dict[str, Any], change: dict[str, Any], after: tuple[bool, str]
):
    await add(api, "ann@example.com", **before)

    partner = (await api.put("/partners/ann@example.com", json=change)).json()

    assert (partner["internal"], partner["role"]) == after


async def test_an_outsider_with_a_role_is_a_contradiction(api: Api):
    answer = await api.put("/partners/ann@example.com", json={"internal": False, "role": "admin"})

    assert (answer.status_code, pointers(answer)) == (422, ["#/role"])


async def test_a_new_main_address_keeps_the_old_one_unless_it_is_given_up(api: Api):
    ann = await add(api, "ann@old.example")

    moved = (await api.put("/partners/ann@old.example", json={"email": "Ann@new.example"})).json()
    same = (await api.get("/partners/ann@old.example")).json()
    alone = (await api.put("/partners/ann@new.example", json={"addresses": []})).json()

    assert (moved["id"], moved["email"]) == (ann["id"], "ann@new.example") and same == moved
    assert moved["addresses"] == ["ann@new.example", "ann@old.example"]
    assert alone["addresses"] == ["ann@new.example"]
    assert (await api.get("/partners/ann@old.example")).status_code == 404
    assert [one["id"] for one in (await api.get("/partners?q=new")).json()["items"]] == [ann["id"]]
    assert (await add(api, "ann@old.example"))["id"] != ann["id"]


async def test_a_main_address_is_taken_from_nobody(api: Api):
    await add(api, "bob@example.com")
    await add(api, "ann@example.com")

    answer = await api.put("/partners/ann@example.com", json={"email": "bob@example.com"})
    ours = await api.put("/partners/ann@example.com", json={"email": f"support@{DOMAIN}"})

    assert (answer.status_code, pointers(answer)) == (422, ["#/email"])
    assert (ours.status_code, pointers(ours)) == (422, ["#/email"])


async def test_an_application_without_admin_changes_no_addresses(web: Web, api: Api):
    await add(api, "olga@outside.example", addresses=["o@outside.example"])
    host = web.client("read", "post")

    for change in ({"email": "o@outside.example"}, {"addresses": []}, {"active": None}):
        assert (await host.put("/partners/olga@outside.example", json=change)).status_code == 403, change
    assert (await host.put("/partners/olga@outside.example", json={"phone": "1"})).status_code == 200


NOTIFY: list[tuple[dict[str, Any], list[str]]] = [
    ({"timing": "never"}, ["timing"]),
    ({"window_minutes": 0}, ["window_minutes"]),
    ({"window_minutes": "soon"}, ["window_minutes"]),
    ({"at": "8"}, ["at"]),
    ({"at": "24:00"}, ["at"]),
    ({"quiet": "22:00"}, ["quiet"]),
    ({"quiet": ["22:00", "7"]}, ["quiet/1"]),
    ({"quiet": ["22:00", "22:00"]}, ["quiet/1"]),
    ({"days": []}, ["days"]),
    ({"days": [0, 1, 1, 8]}, ["days/0", "days/2", "days/3"]),
    ({"tming": "web"}, ["tming"]),
    ({"a/b": 1}, ["a~1b"]),
    ({"overrides": {}}, ["overrides"]),
    ({"overrides": [{"timing": "web"}]}, ["overrides/0/record_type"]),
    ({"overrides": [{"record_type": "ticket"}]}, ["overrides/0/timing"]),
    ({"overrides": [{"record_type": "ticket", "timing": "web", "when": 1}]}, ["overrides/0/when"]),
    ({"overrides": [{"record_type": "nothing", "timing": "web"}]}, ["overrides/0/record_type"]),
    (
        {"overrides": [{"record_type": "ticket", "subtype": "gossip", "timing": "web"}]},
        ["overrides/0/subtype"],
    ),
    ({"overrides": [{"subtype": "gossip", "timing": "web"}]}, ["overrides/0/subtype"]),
    ({"timing": "x", "days": [9]}, ["timing", "days/0"]),
]


async def test_a_wish_that_cannot_be_kept_is_refused_by_its_name(api: Api):
    for notify, places in NOTIFY:
        answer = await api.put("/partners/ann@example.com", json={"notify": notify})

        assert answer.status_code == 422, notify
        assert pointers(answer) == [f"#/notify/{place}" for place in places], notify


async def test_every_wish_of_the_contract_is_kept_and_null_is_the_default(api: Api):
    wish = {
        "timing": "weekly", "window_minutes": 15, "at": "08:00", "quiet": ["22:00", "07:00"], "days": [1, 5],
        "overrides": [
            {"record_type": "ticket", "subtype": "rated", "timing": "now"}, {"subtype": "note", "timing": "web"},
        ],
    }  # fmt: skip

    assert (await add(api, "ann@example.com", notify=wish))["notify"] == wish
    changed = await add(api, "ann@example.com", notify={"timing": "web", "quiet": None})
    assert changed["notify"] == {**{name: wish[name] for name in wish if name != "quiet"}, "timing": "web"}


async def test_a_merge_that_would_lose_somebody_names_the_survivor(api: Api):
    await add(api, "ann@one.example")
    await add(api, "staff@one.example", internal=True)
    await add(api, "gone@one.example", active=False)

    for email, into in (
        ("ann@one.example", "ann@one.example"),
        ("staff@one.example", "ann@one.example"),
        ("ann@one.example", "gone@one.example"),
    ):
        answer = await api.post(f"/partners/{email}/merge", json={"into": into})
        assert (answer.status_code, pointers(answer)) == (409, ["#/into"]), (email, into)
    assert (await api.get("/partners/ann@one.example")).json()["active"]


async def test_the_address_of_a_merged_partner_may_be_given_away(api: Api):
    await add(api, "ann@two.example")
    await add(api, "ann@one.example")
    await api.post("/partners/ann@two.example/merge", json={"into": "ann@one.example"})

    main = await api.put("/partners/ann@one.example", json={"email": "ann@two.example", "addresses": []})
    other = await api.put("/partners/ann@one.example", json={"name": "Another"})

    assert (main.status_code, main.json()["addresses"]) == (200, ["ann@two.example"])
    assert other.status_code == 201
