"""What a reader is told in his own language: values of the record, and what the log says in our words."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.web.conftest import Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, DORA, OLGA, PAOLO = (
    "alice@corp.example",
    "dora@corp.example",
    "olga@outside.example",
    "paolo@cliente.example",
)
TASK = {
    "label": "Task",
    "fields": [
        {
            "name": "cost",
            "label": "Cost",
            "type": "money",
            "currency": "EUR",
            "subtype": "moved",
            "sequence": 1,
        },
        {"name": "due", "label": "Due", "type": "date", "sequence": 2},
        {"name": "at", "label": "At", "type": "datetime", "sequence": 3},
        {"name": "hours", "label": "Hours", "type": "number", "sequence": 4},
        {"name": "paid", "label": "Paid", "type": "boolean", "sequence": 5},
    ],
    "subtypes": [
        {"name": "discussions", "label": "Discussions", "default": True},
        {"name": "moved", "label": "Moved", "default": True},
    ],
}
BEFORE = {"cost": 1234.5, "due": "2026-12-01", "at": "2026-12-01T09:00:00Z", "hours": 1500.25, "paid": False}
AFTER = {"cost": 99, "due": "2026-12-24", "at": "2026-12-24T18:30:00Z", "hours": 2, "paid": True}


@pytest.fixture
async def task(api: Api) -> str:
    await api.put("/record-types/task", json=TASK)
    await add(api, ALICE, internal=True)
    await add(api, DORA, internal=True, language="it")
    await add(api, OLGA, language="en")
    await add(api, PAOLO, language="it")
    return "/records/task/7"


def plain(mail: Any) -> str:
    """The text of a mail, with blanks for the blanks that do not break a line."""
    return text_of(mail).replace("\u00a0", " ").replace("\u202f", " ").replace("\r\n", "\n")


async def test_t185_each_reader_reads_changed_values_as_his_language_writes_them(web: Web, api: Api, task):
    await api.put(task, json={"title": "Pump", "fields": BEFORE, "actor": ALICE})
    for email in (OLGA, PAOLO):
        await api.post(f"{task}/followers", json={"email": email, "notify": False})

    await api.put(task, json={"fields": AFTER, "actor": ALICE})

    mails = {str(mail["To"]): plain(mail) for mail in await send(web)}
    for line in (
        "Cost: 1.234,50 € -> 99,00 €", "Due: 1 dic 2026 -> 24 dic 2026", "Hours: 1.500,25 -> 2",
        "At: 1 dic 2026, 09:00 UTC -> 24 dic 2026, 18:30 UTC", "Paid: no -> sì",
    ):  # fmt: skip
        assert line in mails[PAOLO]
    for line in (
        "Cost: €1,234.50 -> €99.00", "Due: Dec 1, 2026 -> Dec 24, 2026", "Hours: 1,500.25 -> 2",
        "At: Dec 1, 2026, 9:00 AM UTC -> Dec 24, 2026, 6:30 PM UTC", "Paid: no -> yes",
    ):  # fmt: skip
        assert line in mails[OLGA]
    entry = (await api.get(f"{task}/messages", params={"kind": "log"})).json()["items"][0]
    assert entry["tracking"][0] == {
        "field": "cost",
        "label": "Cost",
        "old": "1234.5 EUR",
        "new": "99 EUR",
    }


async def test_d08_who_is_assigned_reads_it_in_his_language(web: Web, api: Api, task):
    await api.put(task, json={"title": "Pump", "actor": ALICE, "assignee": DORA})
    await api.put("/records/task/8", json={"title": "Hose", "actor": ALICE})
    await api.put("/records/task/8", json={"actor": ALICE, "assignee": DORA})

    created, assigned = (plain(mail) for mail in await send(web))

    assert "Alice ti ha assegnato questo:" in created and "\nCreazione: Task\n" in created
    assert "\nAssegnato a: - -> Dora\n" in assigned
    assert "created" not in created and "Assigned" not in assigned


async def test_d08_a_template_shows_values_in_the_language_of_each_reader(web: Web, api: Api, task):
    await api.put(task, json={"title": "Pump", "fields": AFTER, "actor": ALICE})
    shown = "{{ record.shown.cost }}, {{ record.shown.due }}, {{ record.shown.paid }}"
    texts = {"body_text": f"It is {shown}.", "variants": {"it": {"body_text": f"Ecco {shown}."}}}
    await api.put("/templates/offer", json=texts)
    await api.put("/templates/plain", json={"body_text": "{{ record.shown.cost }} {{ record.fields.cost }}"})
    for email in (OLGA, PAOLO):
        await api.post(f"{task}/followers", json={"email": email, "notify": False})

    for name in ("offer", "plain"):
        await api.post(f"{task}/messages", json={"kind": "message", "author": ALICE, "template": name})
    preview = await api.post("/templates/offer/preview", json={"record": "task/7", "reader": DORA})

    mails = [(str(mail["To"]), plain(mail)) for mail in await send(web)]
    italian = "\n".join(text for to, text in mails if to == PAOLO)
    english = "\n".join(text for to, text in mails if to == OLGA)
    assert "Ecco 99,00 €, 24 dic 2026, sì." in italian and "\n99,00 € 99\n" in italian
    assert "It is €99.00, Dec 24, 2026, yes." in english and "\n€99.00 99\n" in english
    assert preview.json()["body_text"].replace("\u00a0", " ") == "Ecco 99,00 €, 24 dic 2026, sì."


async def test_f04_a_changed_value_is_shown_once_in_a_hit(api: Api, task):
    await api.put(task, json={"title": "Pump", "fields": BEFORE, "actor": ALICE})
    await api.put(task, json={"fields": {"cost": 99}, "actor": ALICE})

    [hit] = (await api.get(f"{task}/messages", params={"q": "cost"})).json()["items"]

    assert hit["highlights"] == ["<mark>Cost</mark>: 1234.5 EUR → 99 EUR"]


@pytest.mark.parametrize("tag", ["klingon!!", "xx-yy-zz-!", "it CH", "i", "x" * 40, "../../etc", "de-"])
async def test_a_language_that_is_no_tag_is_refused_by_name(api: Api, task, tag: str):
    partner = await api.put(f"/partners/{OLGA}", json={"language": tag})
    template = await api.put("/templates/t", json={"variants": {tag: {"subject": "Hi"}}})
    await api.put("/templates/t", json={"subject": "Hi"})
    preview = await api.post("/templates/t/preview", json={"record": "task/7", "language": tag})

    for answer, pointer in ((partner, "#/language"), (template, "#/variants/"), (preview, "#/language")):
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"].startswith(pointer)


@pytest.mark.parametrize("tag", ["tlh", "zh-Hant-TW", "de-CH-1996", "en_GB", "x-house", ""])
async def test_a_language_that_we_do_not_have_is_kept_and_falls_back(web: Web, api: Api, task, tag: str):
    await api.put(f"/partners/{OLGA}", json={"language": tag})
    await api.put(task, json={"title": "Pump", "fields": BEFORE, "actor": ALICE})
    await api.post(f"{task}/followers", json={"email": OLGA, "notify": False})

    await api.put(task, json={"fields": {"paid": True}, "actor": ALICE})
    await api.put(task, json={"fields": {"cost": 99}, "actor": ALICE})

    assert (await api.get(f"/partners/{OLGA}")).json()["language"] == tag
    [mail] = await send(web)
    assert "Cost: €1,234.50 -> €99.00" in plain(mail)
