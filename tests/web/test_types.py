"""Record types and aliases over the API: what is refused, and what a change does."""

from __future__ import annotations

import httpx

from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web

Api = httpx.AsyncClient
SUPPORT = f"support@{DOMAIN}"


def pointers(answer: httpx.Response) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_every_fault_of_a_record_type_is_named_and_nothing_is_kept(api: Api):
    wrong = {
        "fields": [{"name": "stage", "trackd": True}, {"name": "assignee"}],
        "subtypes": [{"name": "won", "intern": True}],
    }

    answer = await api.put("/record-types/case", json=wrong)

    assert answer.status_code == 422
    assert pointers(answer) == ["#/fields/0/trackd", "#/subtypes/0/intern"]
    assert (await api.get("/record-types/case")).status_code == 404


async def test_a_setting_of_a_type_that_we_do_not_know_is_refused(api: Api):
    answer = await api.put("/record-types/case", json={"lable": "Case"})

    assert (answer.status_code, pointers(answer)) == (400, ["#/lable"])


async def test_null_gives_a_setting_of_a_field_its_default(api: Api):
    declared = {"fields": [{"name": "due", "label": None, "type": "date", "subtype": None}]}

    field = (await api.put("/record-types/case", json=declared)).json()["fields"][0]

    assert (field["label"], field["type"], field["subtype"]) == ("", "date", "")


async def test_a_field_stays_when_the_subtype_that_it_is_mapped_to_is_taken_away(api: Api):
    """Its changes are logged from then on and tell nobody; to map it to what does not exist is refused."""
    mapped = {"fields": [{"name": "stage", "subtype": "won"}], "subtypes": [{"name": "won"}]}
    assert (await api.put("/record-types/case", json=mapped)).status_code == 201

    alone = await api.put("/record-types/case", json={"subtypes": []})
    again = await api.put("/record-types/case", json={"fields": mapped["fields"]})

    assert (alone.status_code, alone.json()["fields"][0]["name"]) == (200, "stage")
    assert (again.status_code, pointers(again)) == (422, ["#/fields/0/subtype"])


async def test_a_type_from_before_the_checks_can_still_be_read_and_renamed(web: Web, api: Api):
    from store.queries import types as store

    with web.world.database.write() as session:
        store.put_record_type(session, "old", "Old", {"fields": [{"name": "title"}] * 2}, web.world.now)

    renamed = await api.put("/record-types/old", json={"label": "Older"})

    assert (renamed.status_code, renamed.json()["label"]) == (200, "Older")
    assert (await api.put("/records/old/1", json={"title": "x"})).status_code == 201


async def test_a_default_that_no_record_could_hold_is_refused(api: Api):
    wrong = {"type": "ticket", "defaults": {"stage": "nosuch", "amount": "much", "zzz": 1}}

    answer = await api.put(f"/aliases/sales@{DOMAIN}", json=wrong)
    fine = await api.put(f"/aliases/sales@{DOMAIN}", json={"type": "ticket", "defaults": {"zzz": 1}})

    assert (answer.status_code, pointers(answer)) == (422, ["#/defaults/stage", "#/defaults/amount"])
    assert (fine.status_code, fine.json()["defaults"]) == (201, {"zzz": 1})


async def test_an_alias_that_gets_another_type_opens_records_of_that(web: Web, api: Api):
    numbered = {"fields": [{"name": "stage", "type": "number"}]}
    await api.put("/record-types/order", json=numbered)

    unfit = await api.put(f"/aliases/{SUPPORT}", json={"type": "order"})
    moved = await api.put(f"/aliases/{SUPPORT}", json={"type": "order", "defaults": None})
    web.world.receive(a_mail("a@stranger.example"), SUPPORT)

    assert (unfit.status_code, pointers(unfit)) == (422, ["#/defaults/stage"])
    assert (moved.status_code, moved.json()["defaults"]) == (200, {})
    assert [one["type"] for one in (await api.get("/records")).json()["items"]] == ["order"]


async def test_aliases_and_blocks_are_read_page_by_page(api: Api):
    names = [f"a{number}@{DOMAIN}" for number in range(5)]
    for name in names:
        await api.put(f"/aliases/{name}", json={"type": "ticket"})
        await api.put(f"/blocks/{name}", json={})

    for path, field, all_of in (
        ("/aliases", "address", [*names, SUPPORT]), ("/blocks", "pattern", names),
    ):  # fmt: skip
        seen, after = [], ""
        while True:
            page = (await api.get(path, params={"limit": 2, **({"before": after} if after else {})})).json()
            seen += [one[field] for one in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert seen == all_of, path
