"""Templates per record type: written once, filled in for a record, in the language of each reader."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.web.conftest import Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, OLGA, ERIKA, PAOLO = (
    "alice@corp.example",
    "olga@outside.example",
    "erika@kunde.example",
    "paolo@cliente.example",
)
OFFER = {
    "record_type": "ticket",
    "subject": "Your offer: {{ record.title }}",
    "body_html": "<p>Dear {{ reader.name }},</p><p>it costs {{ record.fields.amount }}. <b>{{ author.name }}</b></p>",
    "variants": {
        "de": {
            "subject": "Ihr Angebot: {{ record.title }}",
            "body_html": "<p>Guten Tag {{ reader.name }}, {{ record.shown.amount }}.</p>",
        }
    },
}


@pytest.fixture
async def record(api: Api) -> str:
    await add(api, ALICE, internal=True)
    for email, language in ((OLGA, "en"), (ERIKA, "de-AT"), (PAOLO, "it")):
        await add(api, email, language=language)
    await api.put("/records/ticket/7", json={"title": "Pump <XL>", "fields": {"amount": 60, "stage": "new"}})
    return "/records/ticket/7"


async def offer(api: Api, **changes: Any) -> httpx.Response:
    return await api.put("/templates/offer", json={**OFFER, **changes})


async def test_a_template_is_written_read_listed_and_deleted(api: Api, record):
    assert (await offer(api)).status_code == 201
    changed = await api.put("/templates/offer", json={"subject": "Offer"})
    await api.put("/templates/order/general".replace("/general", "-general"), json={"body_text": "For all."})
    await api.put("/record-types/contract", json={"label": "Contract"})
    await api.put("/templates/for contracts", json={"record_type": "contract", "body_text": "Hi"})

    assert changed.status_code == 200 and changed.json()["body_html"] == OFFER["body_html"]
    fitting = (await api.get("/templates", params={"record_type": "ticket"})).json()
    assert [one["name"] for one in fitting["items"]] == ["offer", "order-general"]
    first = (await api.get("/templates", params={"limit": 1})).json()
    assert [one["name"] for one in first["items"]] == ["for contracts"] and first["next"] == "for contracts"
    assert (await api.delete("/templates/offer")).status_code == 204
    assert (await api.get("/templates/offer")).status_code == 404
    assert (await api.delete("/templates/offer")).status_code == 404


@pytest.mark.parametrize(("change", "pointer", "words"), [
    ({"body_html": "<p>\n{{ record.titel }}</p>"}, "#/body_html", "line 2: there is no {{ record.titel }}"),
    ({"subject": "{{ ticket.title }}"}, "#/subject", "there is no {{ ticket }}"),
    ({"subject": "{{ record.title "}, "#/subject", "line 1"),
    ({"variants": {"de": {"body_html": "{{ who }}"}}}, "#/variants/de/body_html", "there is no {{ who }}"),
    ({"variants": {"de": {"footer": "x"}}}, "#/variants/de/footer", "a variant has"),
    ({"recipients": ["{{ x }}"]}, "#/recipients/0", "there is no {{ x }}"),
    ({"recipients": ["ok@corp.example", "nobody"]}, "#/recipients/1", "'nobody' is not an e-mail address"),
    ({"record_type": "planet"}, "#/record_type", "no record type"),
    ({"body_html": "{% for i in range(9) %}x{% endfor %}"}, "#/body_html", "for is not offered here"),
    ({"body_html": "{{ 'x' * 999999999 }}"}, "#/body_html", "mul is not offered here"),
    ({"body_html": "{{ record.title | safe }}"}, "#/body_html", "there is no filter safe"),
    ({"body_html": "{{ record.title.format(1) }}"}, "#/body_html", "call is not offered here"),
    ({"body_html": "{% include 'mail/_layout.txt' %}"}, "#/body_html", "include is not offered here"),
])  # fmt: skip
async def test_a_bad_placeholder_is_refused_with_its_place(api: Api, record, change, pointer, words):
    answer = await offer(api, **change)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert words in answer.json()["errors"][0]["detail"]
    assert (await api.get("/templates/offer")).status_code == 404


async def test_d10_a_preview_shows_a_template_on_a_record_in_a_language(api: Api, record):
    await offer(api, recipients=["{{ record.fields.customer }}", OLGA])

    english = await api.post(
        "/templates/offer/preview",
        json={"record": "ticket/7", "author": ALICE, "reader": OLGA, "language": "en"},
    )
    german = await api.post(
        "/templates/offer/preview", json={"record": {"type": "ticket", "key": "7"}, "reader": ERIKA}
    )

    assert english.status_code == 422  # the record has no customer
    assert "{{ record.fields.customer }}" in english.json()["errors"][0]["detail"]
    assert german.status_code == 422
    await offer(api, recipients=["{{ record.fields.customer | default('') }}", OLGA])
    english = (
        await api.post(
            "/templates/offer/preview", json={"record": "ticket/7", "author": ALICE, "reader": OLGA}
        )
    ).json()
    german = (await api.post("/templates/offer/preview", json={"record": "ticket/7", "reader": ERIKA})).json()
    assert english["subject"] == "Your offer: Pump <XL>" and english["recipients"] == [OLGA]
    assert english["body_html"] == "<p>Dear Olga,</p><p>it costs 60. <b>Alice</b></p>"
    assert (
        german["subject"] == "Ihr Angebot: Pump <XL>" and german["body_text"] == "Guten Tag Erika, € 60,00."
    )
    assert (await api.get(f"{record}/messages", params={"kind": "message"})).json()["items"] == []


async def test_d05_a_template_fills_what_the_call_leaves_out(web: Web, api: Api, record):
    await offer(api, recipients=[OLGA])

    whole = await api.post(
        f"{record}/messages", json={"kind": "message", "author": ALICE, "template": "offer"}
    )
    own = await api.post(
        f"{record}/messages",
        json={
            "kind": "message",
            "author": ALICE,
            "template": "offer",
            "subject": "Mine",
            "body_text": "Own words",
            "recipients": [ERIKA],
        },
    )

    assert whole.status_code == 201, whole.text
    assert whole.json()["subject"] == "Your offer: Pump <XL>" and "it costs 60" in whole.json()["body_text"]
    assert [one["partner"]["email"] for one in whole.json()["notices"] if one["state"] == "queued"] == [OLGA]
    assert (own.json()["subject"], own.json()["body_text"]) == ("Mine", "Own words")
    mails = await send(web)
    assert [(mail["To"], mail["Subject"]) for mail in mails] == [
        (OLGA, "Your offer: Pump <XL>"),
        (ERIKA, "Mine"),
    ]


async def test_t140_each_reader_gets_his_language_and_his_name(web: Web, api: Api, record):
    await offer(api)
    for email in (OLGA, ERIKA, PAOLO):
        await api.post(f"{record}/followers", json={"email": email, "notify": False})

    await api.post(f"{record}/messages", json={"kind": "message", "author": ALICE, "template": "offer"})

    mails = {str(mail["To"]): mail for mail in await send(web)}
    assert mails[OLGA]["Subject"] == mails[PAOLO]["Subject"] == "Your offer: Pump <XL>"
    assert mails[ERIKA]["Subject"] == "Ihr Angebot: Pump <XL>"
    assert "Dear Olga," in text_of(mails[OLGA]) and "Dear Paolo," in text_of(mails[PAOLO])
    assert "Guten Tag Erika, € 60,00." in text_of(mails[ERIKA])
    assert len({mail["Message-ID"] for mail in mails.values()}) == 1
    html = mails[OLGA].get_body(("html",)).get_content()
    assert "Dear Olga," in html and "<XL>" not in html


async def test_an_edit_before_the_mail_leaves_replaces_the_personal_texts(web: Web, api: Api, record):
    await offer(api)
    await api.post(f"{record}/followers", json={"email": ERIKA, "notify": False})
    said = (
        await api.post(f"{record}/messages", json={"kind": "message", "author": ALICE, "template": "offer"})
    ).json()

    await api.patch(f"/messages/{said['id']}", json={"body_text": "Better so.", "actor": ALICE})

    [mail] = await send(web)
    assert "Better so." in text_of(mail) and "Guten Tag" not in text_of(mail)


@pytest.mark.parametrize(("name", "words"), [("none", "no template"), ("other", "for records of the type")])
async def test_a_template_that_does_not_fit_posts_nothing(api: Api, record, name, words):
    await api.put("/record-types/contract", json={"label": "Contract"})
    await api.put("/templates/other", json={"record_type": "contract", "body_text": "Hi"})

    answer = await api.post(f"{record}/messages", json={"kind": "message", "author": ALICE, "template": name})

    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "#/template"
    assert words in answer.text
    assert (await api.get(f"{record}/messages", params={"kind": "message"})).json()["items"] == []


async def test_what_strangers_wrote_is_escaped_and_names_of_methods_are_plain_fields(api: Api, record):
    await api.put(
        "/records/ticket/8",
        json={"title": "{{ record.key }}<script>", "fields": {"items": "<i>3</i>", "keys": 2}},
    )
    await api.put(
        "/templates/t",
        json={
            "body_html": "{{ record.title }} {{ record.fields.items }} {{ record.fields.keys }}{% if record.fields.stage %}!{% endif %}"
        },
    )

    shown = (await api.post("/templates/t/preview", json={"record": "ticket/8"})).json()

    assert shown["body_html"] == "{{ record.key }}&lt;script&gt; &lt;i&gt;3&lt;/i&gt; 2"


async def test_d09_who_may_not_administer_uses_templates_and_writes_none(web: Web, api: Api, record):
    await offer(api)
    plain = web.client("read", "post")

    assert (await plain.put("/templates/offer", json={"subject": "x"})).status_code == 403
    assert (await plain.delete("/templates/offer")).status_code == 403
    assert (await plain.get("/templates/offer")).status_code == 200
    posted = await plain.post(
        f"{record}/messages", json={"kind": "message", "author": ALICE, "template": "offer"}
    )
    assert posted.status_code == 201
    limited = web.client("admin", types=("order",))
    assert (await limited.get("/templates/offer")).status_code == 404
    assert (await limited.put("/templates/new", json={"body_text": "x"})).status_code == 403


@pytest.mark.parametrize(("variants", "pointer"), [
    ({"de": 5}, "#/variants/de"), ({"de": None}, "#/variants/de"), ({"de": {"subject": 5}}, "#/variants/de/subject"),
])  # fmt: skip
async def test_a_variant_of_a_wrong_shape_is_named(api: Api, record, variants, pointer):
    answer = await offer(api, variants=variants)

    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == pointer


async def test_a_recipient_that_turns_out_to_be_none_names_the_template(api: Api, record):
    await offer(api, recipients=["{{ record.title }}"])

    used = await api.post(
        f"{record}/messages", json={"kind": "message", "author": ALICE, "template": "offer"}
    )

    assert used.status_code == 422 and used.json()["errors"][0]["pointer"] == "#/template"
    assert (await api.get(f"{record}/messages", params={"kind": "message"})).json()["items"] == []


async def test_d14_the_signature_stands_below_each_reader_s_own_text(web: Web, api: Api, record):
    await api.put(f"/partners/{ALICE}", json={"signature": "Alice Adams\nSales"})
    await offer(api)
    for email in (OLGA, ERIKA):
        await api.post(f"{record}/followers", json={"email": email, "notify": False})

    body = {"kind": "message", "author": ALICE, "template": "offer", "signature": True}
    said = (await api.post(f"{record}/messages", json=body)).json()

    assert said["body_text"].count("Alice Adams") == 1
    mails = {str(mail["To"]): mail for mail in await send(web)}
    for email, words in ((OLGA, "Dear Olga,"), (ERIKA, "Guten Tag Erika")):
        text, html = text_of(mails[email]), mails[email].get_body(("html",)).get_content()
        assert words in text and words in html
        assert text.count("Alice Adams") == 1 and html.count("Alice Adams") == 1


async def test_d10_a_preview_is_for_who_may_open_the_record(api: Api, record):
    await offer(api)
    await add(api, "bob@corp.example", internal=True)
    await api.put(record, json={"members": [ALICE]})

    for actor, status in ((ALICE, 200), ("bob@corp.example", 404), (OLGA, 404)):
        answer = await api.post("/templates/offer/preview", json={"record": "ticket/7", "actor": actor})
        assert answer.status_code == status, actor


async def test_braces_that_are_no_placeholder_can_be_written(api: Api, record):
    await api.put("/templates/t", json={"body_text": "Write {{ '{{ x }}' }}, {not this}, {{ record.key }}"})

    shown = (await api.post("/templates/t/preview", json={"record": "ticket/7"})).json()

    assert shown["body_text"] == "Write {{ x }}, {not this}, 7"


async def test_t213_files_of_a_template_go_with_every_message_and_share_their_octets(
    web: Web, api: Api, record
):
    await offer(api, recipients=[OLGA])
    added = await api.post("/templates/offer/attachments", files={"file": ("terms.txt", b"Terms")})
    [file] = added.json()["attachments"]
    body = {"kind": "message", "author": ALICE, "template": "offer"}

    said = [(await api.post(f"{record}/messages", json=body)).json() for _ in range(2)]

    assert added.status_code == 201 and (file["name"], file["size"]) == ("terms.txt", 5)
    assert [[one["name"] for one in message["attachments"]] for message in said] == [["terms.txt"]] * 2
    assert said[0]["attachments"] != said[1]["attachments"]
    assert [path.read_bytes() for path in (web.world.directory / "blobs").glob("??/*")] == [b"Terms"]
    for mail in [mail for mail in await send(web) if mail["To"] == OLGA]:
        assert [part.get_filename() for part in mail.iter_attachments()] == ["terms.txt"]
    assert (await api.get("/templates")).json()["items"][0]["attachments"] == [file]
    assert (await api.delete(f"/templates/offer/attachments/{file['id']}")).status_code == 204
    assert (await api.delete(f"/templates/offer/attachments/{file['id']}")).status_code == 404
    assert (await api.get("/templates/offer")).json()["attachments"] == []
    kept = said[0]["attachments"][0]["id"]
    assert (await api.get(f"/attachments/{kept}")).content == b"Terms"
    none = await web.client("read", "post").post("/templates/offer/attachments", files={"file": ("x", b"x")})
    assert none.status_code == 403


async def test_d06_a_colleague_saves_what_he_wrote_as_a_template_of_his_own(web: Web, api: Api, record):
    await offer(api)
    await add(api, "bob@corp.example", internal=True)
    plain = web.client("read", "post", types=("ticket",))
    mine = {"record_type": "ticket", "subject": "Hi", "body_text": "Hello {{ reader.name }}", "actor": ALICE}

    saved = await plain.put("/templates/greeting", json=mine)
    again = await plain.put("/templates/greeting", json={"subject": "Hello", "actor": ALICE})

    assert saved.status_code == 201, saved.text
    assert again.status_code == 200 and again.json()["owner"]["email"] == ALICE
    posted = await plain.post(
        f"{record}/messages", json={"kind": "message", "author": "bob@corp.example", "template": "greeting"}
    )
    assert posted.status_code == 201 and posted.json()["subject"] == "Hello"
    for name, change, status in (
        ("greeting", {**mine, "actor": "bob@corp.example"}, 403),
        ("offer", mine, 403),
        ("new", {**mine, "actor": None}, 422),
        ("new", {**mine, "actor": OLGA}, 403),
        ("new", {**mine, "record_type": None}, 422),
        ("new", {**mine, "record_type": "order"}, 403),
        ("new", {**mine, "recipients": ["spy@evil.example"]}, 403),
        ("new", {**mine, "body_text": "{{ house.keys }}"}, 422),
    ):
        answer = await plain.put(f"/templates/{name}", json=change)
        assert answer.status_code == status, (name, change, answer.text)
    assert (
        await plain.delete("/templates/greeting", params={"actor": "bob@corp.example"})
    ).status_code == 403
    assert (await plain.delete("/templates/greeting", params={"actor": ALICE})).status_code == 204


async def test_d06_what_a_colleague_saved_is_not_mailed_by_a_change_of_the_record(web: Web, api: Api, record):
    plain = web.client("read", "post")
    mine = {"record_type": "ticket", "body_text": "Buy now", "actor": ALICE}
    fields = [{"name": "stage", "label": "Stage", "template": "won"}]
    await api.put("/templates/won", json={"record_type": "ticket", "body_text": "Thank you"})
    typed = await api.put("/record-types/ticket", json={"fields": fields})
    await api.delete("/templates/won")
    assert (await plain.put("/templates/won", json=mine)).status_code == 201

    await api.put(record, json={"fields": {"stage": "won"}})

    items = (await api.get(f"{record}/messages")).json()["items"]
    assert typed.status_code == 200, typed.text
    assert not [one for one in items if "Buy now" in one["body_text"]]
    assert [one for one in items if "was saved by a colleague" in one["body_text"]]
