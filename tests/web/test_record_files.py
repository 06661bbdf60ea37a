"""The files of a record: who may have them, take them away, put them into messages; the main one; all at once."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import httpx
import pytest

from tests.builders import DOMAIN
from tests.web.conftest import Web, add

UPLOAD, MESSAGES = "/records/ticket/7/attachments", "/records/ticket/7/messages"
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
DATA_URL = "data:image/png;base64," + base64.b64encode(PIXEL).decode()


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything; there is a ticket 7 and two colleagues."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await add(api, "dave@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    return api


async def put(api: httpx.AsyncClient, name: str, content: bytes = b"x", **form: str) -> int:
    answer = await api.post(UPLOAD, files={"file": (name, content)}, data=form)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def say(
    api: httpx.AsyncClient, *files: int, author: str = "carla@example.com", **values: Any
) -> httpx.Response:
    body = {"kind": "message", "author": author, "body_text": "see", "attachment_ids": list(files), **values}
    return await api.post(MESSAGES, json=body)


async def test_t136_pending_uploads_of_one_caller_are_not_taken_by_another(web: Web, api: httpx.AsyncClient):
    host, other = web.client("read", "post"), web.client("read", "post")
    file = await put(host, "a.txt")
    for_dave = await put(host, "b.txt", actor="dave@example.com")

    taken = await say(other, file)
    by_carla = await say(host, for_dave)
    own = await say(host, file)
    by_dave = await say(host, for_dave, author="dave@example.com")

    assert taken.status_code == by_carla.status_code == 422
    assert taken.json()["errors"][0]["pointer"] == "#/attachment_ids/0"
    assert own.status_code == by_dave.status_code == 201
    stolen = await other.patch(
        f"/messages/{own.json()['id']}",
        json={"actor": "carla@example.com", "attachment_ids": [await put(host, "c.txt")]},
    )
    assert stolen.status_code == 422


async def test_the_main_file_is_a_pdf_before_an_image_before_others_and_never_xml(api: httpx.AsyncClient):
    async def main() -> str | None:
        items = (await api.get(UPLOAD)).json()["items"]
        return next((item["name"] for item in items if item["main"]), None)

    await put(api, "data.xml", b"<?xml version='1.0'?><a/>")
    assert await main() is None
    await put(api, "notes.txt")
    assert await main() == "notes.txt"
    await put(api, "photo.png", PIXEL)
    assert await main() == "photo.png"
    await put(api, "plan.pdf", b"%PDF-1.4 x")
    await put(api, "later.pdf", b"%PDF-1.4 y")
    assert await main() == "plan.pdf"


async def test_a_file_is_taken_away_by_who_brought_it_the_author_or_an_admin(
    web: Web, api: httpx.AsyncClient
):
    await add(api, "root@example.com", internal=True, role="admin")
    host, other = web.client("read", "post"), web.client("read", "post")
    loose, one, two = await put(host, "a.txt"), await put(host, "report.txt"), await put(host, "b.txt")
    message = (await say(host, one, two)).json()
    path = "/attachments/{}"

    assert (await other.delete(path.format(loose))).status_code == 403
    assert (await host.delete(path.format(loose))).status_code == 204
    assert (await host.delete(path.format(one), params={"actor": "dave@example.com"})).status_code == 403
    assert (await api.get(MESSAGES, params={"q": "report"})).json()["total"] == 1
    assert (await host.delete(path.format(one), params={"actor": "carla@example.com"})).status_code == 204
    assert (await host.delete(path.format(two), params={"actor": "root@example.com"})).status_code == 204
    assert (await api.get(path.format(one))).status_code == 404
    assert (await api.get(f"/messages/{message['id']}")).json()["attachments"] == []
    assert (await api.get(MESSAGES, params={"q": "report"})).json()["total"] == 0


async def test_t016_a_base64_image_of_a_call_becomes_a_file(api: httpx.AsyncClient):
    html = f'<p>Look <img src="{DATA_URL}" alt="it"></p>'

    message = (await say(api, body_text=None, body_html=html)).json()

    [file] = message["attachments"]
    assert file["inline"] and f'src="/api/v1/attachments/{file["id"]}"' in message["body_html"]
    assert (await api.get(f"/attachments/{file['id']}")).content == PIXEL


async def test_t016_a_base64_image_of_a_mail_becomes_a_file(web: Web, api: httpx.AsyncClient):
    mail = (
        f"From: a@stranger.example\r\nTo: support@{DOMAIN}\r\nSubject: Picture\r\nMessage-ID: <d@stranger.example>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>Look <img src="{DATA_URL}"></p>\r\n'
    )
    entry = web.world.receive(mail.encode(), f"support@{DOMAIN}")
    message_id = web.world.targets(entry)[0].message_id

    message = (await api.get(f"/messages/{message_id}")).json()

    [file] = message["attachments"]
    assert (file["name"], file["inline"]) == ("image0.png", True)
    assert f'src="/api/v1/attachments/{file["id"]}"' in message["body_html"]


async def test_all_files_of_a_message_come_as_one_archive(api: httpx.AsyncClient):
    files = [
        await put(api, "a.txt", b"one"),
        await put(api, "a.txt", b"two"),
        await put(api, "é.bin", bytes(9999)),
    ]
    message = (await say(api, *files)).json()

    answer = await api.get(f"/messages/{message['id']}/attachments.zip")

    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None and archive.namelist() == ["a.txt", "a (2).txt", "é.bin"]
    assert archive.read("a (2).txt") == b"two" and answer.headers["content-disposition"].startswith(
        "attachment"
    )


async def test_files_are_for_who_may_read_their_message(web: Web, api: httpx.AsyncClient):
    await add(api, "carol@customer.example")
    await api.post(
        "/records/ticket/7/followers", json={"email": "carol@customer.example", "subtypes": ["discussions"]}
    )
    sent, noted, loose = await put(api, "a.txt"), await put(api, "b.txt"), await put(api, "c.txt")
    message = (await say(api, sent)).json()
    note = (await say(api, noted, kind="note")).json()
    carol = {"actor": "carol@customer.example"}

    listed = (await api.get(UPLOAD, params=carol)).json()["items"]

    assert [item["id"] for item in listed] == [sent]
    assert (await api.get(f"/attachments/{sent}", params=carol)).status_code == 200
    for hidden in (
        f"/attachments/{noted}",
        f"/attachments/{loose}",
        f"/messages/{note['id']}/attachments.zip",
    ):
        assert (await api.get(hidden, params=carol)).status_code == 404
    assert (await api.get(f"/messages/{message['id']}/attachments.zip", params=carol)).status_code == 200
    assert (await web.open().get(f"/api/v1/messages/{message['id']}/attachments.zip")).status_code == 401


async def test_t237_who_was_told_of_a_message_may_have_its_files_though_the_record_is_closed_to_him(
    api: httpx.AsyncClient,
):
    await api.put("/records/ticket/7", json={"members": ["carla@example.com"]})
    file, other = await put(api, "a.txt"), await put(api, "b.txt")
    await say(api, file, mentions=["dave@example.com"])
    dave = {"actor": "dave@example.com"}

    assert (await api.get(f"/attachments/{file}", params=dave)).status_code == 200
    assert (await api.get(f"/attachments/{other}", params=dave)).status_code == 404


async def test_h06_an_upload_for_a_message_is_its_uploader_s_alone_until_it_is_sent(
    web: Web, api: httpx.AsyncClient
):
    file = await put(api, "draft.txt", actor="carla@example.com", pending="true")
    shared = await put(api, "shared.txt", actor="carla@example.com")
    path, carla, dave = f"/attachments/{file}", {"actor": "carla@example.com"}, {"actor": "dave@example.com"}

    assert (await api.get(path, params=carla)).status_code == 200
    assert (await api.get(path, params=dave)).status_code == 404
    assert (await (await web.browser("dave@example.com")).get(f"/api/v1{path}")).status_code == 404
    for who in (carla, dave, {}):
        assert [one["id"] for one in (await api.get(UPLOAD, params=who)).json()["items"]] == [shared]
    assert (await say(api, file, author="dave@example.com")).status_code == 422
    assert (await say(api, file)).status_code == 201
    assert (await api.get(path, params=dave)).status_code == 200
    assert (await api.get(UPLOAD)).json()["total"] == 2
    wrong = await api.post(UPLOAD, files={"file": ("a", b"a")}, data={"pending": "perhaps"})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["pointer"] == "#/pending"


async def test_h05_the_list_of_files_has_pages_and_says_how_many_there_are(api: httpx.AsyncClient):
    ids = [await put(api, f"{number}.txt") for number in range(3)]
    pdf = await put(api, "plan.pdf", b"%PDF-1.4 x")
    await say(api, ids[0])

    first = (await api.get(UPLOAD, params={"limit": 3})).json()
    rest = (await api.get(UPLOAD, params={"limit": 3, "before": first["next"]})).json()

    assert [one["id"] for one in first["items"]] == ids and first["total"] == rest["total"] == 4
    assert [(one["id"], one["main"]) for one in rest["items"]] == [(pdf, True)] and rest["next"] is None
    assert not any(one["main"] for one in first["items"])
