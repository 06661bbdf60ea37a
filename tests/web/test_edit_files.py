"""What an edit does to files and images, who reads the earlier versions, and who may edit no more."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from store.models import Delivery
from tests.builders import DOMAIN, a_mail
from tests.web.conftest import Web, add
from tests.web.outbox import send

Api = httpx.AsyncClient
ALICE, BOB, CARLA, OLGA = (
    "alice@corp.example",
    "bob@corp.example",
    "carla@corp.example",
    "olga@outside.example",
)
UPLOAD, MESSAGES = "/records/ticket/7/attachments", "/records/ticket/7/messages"
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


def data_url(content: bytes = PIXEL) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


@pytest.fixture
async def record(api: Api) -> None:
    """Alice and Bob are colleagues, Carla an admin; Olga follows the ticket."""
    for email in (ALICE, BOB):
        await add(api, email, internal=True)
    await add(api, CARLA, internal=True, role="admin")
    await add(api, OLGA)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    await api.post("/records/ticket/7/followers", json={"email": OLGA})


async def say(api: Api, **values: Any) -> dict[str, Any]:
    answer = await api.post(MESSAGES, json={"kind": "message", "author": ALICE, **values})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def put(api: Api, name: str, **form: str) -> int:
    answer = await api.post(UPLOAD, files={"file": (name, b"x")}, data=form)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def patch(api: Api, message: dict[str, Any], **change: Any) -> dict[str, Any]:
    answer = await api.patch(f"/messages/{message['id']}", json={"actor": ALICE, **change})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def versions(api: Api, message: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await api.get(f"/messages/{message['id']}/versions")).json()["items"])


@pytest.mark.parametrize("host", ["", "https://threads.test"])
async def test_an_image_stays_when_a_word_beside_it_is_changed(api: Api, record, host):
    said = await say(api, body_html=f'<p>Look <img src="{data_url()}" alt="it"> here</p>')
    [image] = said["attachments"]
    shown = said["body_html"].replace('src="/api', f'src="{host}/api')

    same = await patch(api, said, body_html=shown)
    edited = await patch(api, said, body_html=shown.replace("here", "there"))

    assert same["body_html"] == said["body_html"] and same["edited_at"] is None
    assert edited["body_html"] == said["body_html"].replace("here", "there")
    assert edited["attachments"] == [image]
    kept = await patch(api, said, attachment_ids=[])
    assert kept["attachments"] == [image], "it is part of the text"
    assert (await api.get(f"/attachments/{image['id']}")).content == PIXEL


async def test_an_image_pasted_in_an_edit_becomes_a_file_and_one_taken_out_goes(api: Api, record):
    said = await say(api, body_html=f'<p>Old <img src="{data_url()}"></p>')
    new = PIXEL + b"new"

    edited = await patch(api, said, body_html=f'<p>New <img src="{data_url(new)}"></p>')

    [image] = edited["attachments"]
    assert image["inline"] and f'src="/api/v1/attachments/{image["id"]}"' in edited["body_html"]
    assert (await api.get(f"/attachments/{image['id']}")).content == new
    assert (await api.get(f"/attachments/{said['attachments'][0]['id']}")).status_code == 404
    assert [one["name"] for one in (await versions(api, said))[0]["attachments"]] == ["image0.png"]


async def test_an_address_of_another_message_s_image_is_not_bound(api: Api, record):
    other = await say(api, body_html=f'<p>Look <img src="{data_url()}"></p>')
    said = await say(api, body_text="Hello")

    edited = await patch(api, said, body_html=other["body_html"])

    assert edited["attachments"] == [] and "<img" not in edited["body_html"]


async def test_a_change_of_files_alone_keeps_what_the_message_had(api: Api, record):
    said = await say(api, body_text="See", attachment_ids=[await put(api, "a.txt"), await put(api, "b.txt")])

    await patch(api, said, attachment_ids=[await put(api, "c.txt")])
    gone = await api.delete(f"/attachments/{said['attachments'][0]['id']}", params={"actor": ALICE})
    now = await patch(api, said, attachment_ids=[])

    assert gone.status_code == 204 and now["attachments"] == [] and now["edited_at"]
    kept = await versions(api, said)
    assert [[file["name"] for file in one["attachments"]] for one in kept] == [
        ["b.txt", "c.txt"],
        ["a.txt", "b.txt", "c.txt"],
        ["a.txt", "b.txt"],
    ]
    assert kept[0]["attachments"][0] == {"name": "b.txt", "size": 1, "content_type": "text/plain"}
    assert {one["body_text"] for one in kept} == {"See"}
    assert {one["replaced_by"]["email"] for one in kept} == {ALICE}


async def test_the_last_file_of_a_message_without_text_stays(api: Api, record):
    said = await say(api, attachment_ids=[await put(api, "a.txt")])
    [file] = said["attachments"]

    emptied = await api.patch(f"/messages/{said['id']}", json={"actor": ALICE, "attachment_ids": []})
    deleted = await api.delete(f"/attachments/{file['id']}", params={"actor": ALICE})

    assert emptied.status_code == deleted.status_code == 422
    assert emptied.json()["errors"][0]["pointer"] == "#/attachment_ids"
    assert (await api.get(f"/messages/{said['id']}")).json()["attachments"] == [file]


async def test_t136_who_edits_adds_his_own_uploads_and_nobody_else_s(web: Web, record):
    host = web.client("read", "post")
    said = await say(host, body_text="See")
    path = f"/messages/{said['id']}"

    for file, status in (
        (await put(host, "mine.txt", actor=CARLA), 200),
        (await put(host, "a.txt", actor=BOB), 422),
    ):
        answer = await host.patch(path, json={"actor": CARLA, "attachment_ids": [file]})
        assert answer.status_code == status, answer.text

    assert [file["name"] for file in (await host.get(path)).json()["attachments"]] == ["mine.txt"]


async def test_e02_a_file_of_a_mail_that_came_in_is_taken_away_by_an_admin_alone(web: Web, api: Api, record):
    mail = (
        f"From: {OLGA}\r\nTo: support@{DOMAIN}\r\nSubject: Bill\r\nMessage-ID: <bill@outside.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nHere.\r\n"
        "--b\r\nContent-Type: application/pdf; name=bill.pdf\r\n\r\n%PDF-1.4\r\n--b--\r\n"
    )
    entry = web.world.receive(mail.encode(), f"support@{DOMAIN}", reverse_path=OLGA)
    message = (await api.get(f"/messages/{web.world.targets(entry)[0].message_id}")).json()
    path = f"/attachments/{message['attachments'][0]['id']}"

    assert (await api.delete(path, params={"actor": OLGA})).status_code == 409
    assert (await api.get(f"/messages/{message['id']}")).json() == message
    assert (await api.delete(path, params={"actor": CARLA})).status_code == 204
    assert [file["name"] for one in await versions(api, message) for file in one["attachments"]] == [
        "bill.pdf"
    ]


async def test_e01_earlier_versions_are_for_the_author_and_admins(web: Web, api: Api, record):
    said = await say(api, body_text="It costs 5 EUR, our lowest price.", mentions=[BOB])
    await patch(api, said, body_text="It costs 50 EUR.")
    path, reading = f"/messages/{said['id']}/versions", web.client("read")

    for actor, status in ((ALICE, 200), (CARLA, 200), (BOB, 403), (OLGA, 403)):
        assert (await reading.get(path, params={"actor": actor})).status_code == status, actor
    await add(api, "erika@outside.example")
    assert (await reading.get(path, params={"actor": "erika@outside.example"})).status_code == 404
    unknown = await reading.get(path, params={"actor": "who@nowhere.example"})
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["pointer"] == "#/actor"
    assert len((await reading.get(path)).json()["items"]) == 1, "the application itself"


@pytest.mark.parametrize("access", ["members", "followers"])
async def test_t235_an_author_to_whom_the_record_is_closed_by_now_changes_nothing(
    web: Web, api: Api, record, access
):
    said = await say(api, body_text="Mine", attachment_ids=[await put(api, "a.txt", actor=ALICE)])
    await api.delete(f"/records/ticket/7/followers/{said['author']['id']}")
    await api.put("/record-types/ticket", json={"policy": {"access": access}})
    path, who = f"/messages/{said['id']}", {"actor": ALICE}

    assert (await api.get(path, params=who)).status_code == 200
    assert (await api.patch(path, json={"body_text": "x", **who})).status_code == 403
    assert (await api.delete(path, params=who)).status_code == 403
    assert (await api.delete(f"/attachments/{said['attachments'][0]['id']}", params=who)).status_code == 403
    await api.put("/records/ticket/7", json={"members": [ALICE]})
    assert (await api.delete(path, params=who)).status_code == 204


async def test_t235_an_outsider_changes_what_he_wrote_while_he_follows(api: Api, record):
    said = await say(api, body_text="Mine", author=OLGA)

    edited = await api.patch(f"/messages/{said['id']}", json={"body_text": "Ours", "actor": OLGA})
    await api.delete(f"/records/ticket/7/followers/{said['author']['id']}")

    assert edited.status_code == 200
    assert (await api.delete(f"/messages/{said['id']}", params={"actor": OLGA})).status_code == 403


async def test_e08_no_mail_keeps_the_text_of_a_deleted_message(web: Web, api: Api, record):
    await api.put("/templates/hello", json={"body_text": "Dear {{ reader.name }}, the secret price is 5."})
    said = await say(api, template="hello")

    def payloads() -> list[Any]:
        with web.world.database.read() as session:
            return [
                row.payload
                for row in session.execute(
                    select(Delivery.table()).where(Delivery.table().c.message_id == said["id"])
                )
            ]

    assert "secret price" in str(payloads())
    await api.delete(f"/messages/{said['id']}", params={"actor": ALICE})

    assert payloads() and not any(payloads())


async def test_a_mail_by_a_colleague_is_no_message_that_can_lose_a_file(web: Web, api: Api, record):
    entry = web.world.receive(a_mail(OLGA), f"support@{DOMAIN}", reverse_path=OLGA)
    message = web.world.targets(entry)[0].message_id

    answer = await api.patch(f"/messages/{message}", json={"actor": CARLA, "attachment_ids": []})

    assert answer.status_code == 409


async def upload(api: Api, name: str = "plan.png", content: bytes = PIXEL) -> int:
    answer = await api.post(UPLOAD, files={"file": (name, content)}, data={"pending": "true"})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def linking(*ids: int, host: str = "") -> dict[str, Any]:
    images = "".join(f'<img src="{host}/api/v1/attachments/{one}" alt="plan">' for one in ids)
    return {"body_html": f"<p>See {images}</p>", "attachment_ids": list(ids)}


@pytest.mark.parametrize("host", ["", "https://desk.corp.example"])
async def test_h10_an_upload_that_the_body_links_stands_in_it_and_is_not_attached_once_more(
    web: Web, api: Api, record, host: str
):
    image, text = await upload(api), await upload(api, "notes.txt", b"hello")

    posted = await say(api, **{**linking(image, host=host), "attachment_ids": [image, text]})

    assert f'<img src="/api/v1/attachments/{image}"' in posted["body_html"]
    assert {one["id"]: one["inline"] for one in posted["attachments"]} == {image: True, text: False}
    [mail] = await send(web)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["notes.txt"]
    [inside] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    html = mail.get_body(("html",)).get_content()
    assert f'src="cid:{inside["Content-ID"].strip("<>")}"' in html and "plan.png" not in html


async def test_h10_a_scheduled_message_keeps_the_upload_that_its_body_links(web: Web, api: Api, record):
    image = await upload(api)
    kept = await say(api, **linking(image), send_at="2026-11-24T12:00:00Z")

    assert f'<img src="/api/v1/attachments/{image}"' in kept["body_html"]
    change = {"body_html": kept["body_html"].replace("See", "Look"), "actor": ALICE}
    await api.patch(f"/scheduled/{kept['id']}", json=change)
    sent = await api.post(f"/scheduled/{kept['id']}/send", json={"actor": ALICE})

    assert f'Look <img src="/api/v1/attachments/{image}"' in sent.json()["body_html"]
    assert [one["inline"] for one in sent.json()["attachments"]] == [True]


async def test_h10_an_edit_adds_the_upload_that_it_links(api: Api, record):
    said, image = await say(api, body_text="See"), await upload(api)

    edited = await patch(api, said, **linking(image))
    again = await patch(api, edited, body_html=edited["body_html"].replace("See", "Look"))

    assert f'Look <img src="/api/v1/attachments/{image}"' in again["body_html"]
    assert [(one["id"], one["inline"]) for one in again["attachments"]] == [(image, True)]


async def test_a_link_to_what_is_no_image_or_no_file_of_the_message_shows_nothing(api: Api, record):
    text, foreign = await upload(api, "notes.txt", b"hello"), await upload(api)

    posted = await say(api, **{**linking(text, foreign), "attachment_ids": [text]})

    assert "<img" not in posted["body_html"]
    assert [(one["id"], one["inline"]) for one in posted["attachments"]] == [(text, False)]
