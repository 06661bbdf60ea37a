"""Files: uploaded, bound to a message, served so that no browser runs them."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest

from gateway.mail.files import clean_name
from gateway.web.api.attachments import download_headers
from tests.builders import DOMAIN
from tests.web.conftest import Web, add

UPLOAD = "/records/ticket/7/attachments"
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


@pytest.fixture
async def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything; there is a ticket 7 and a colleague."""
    api = web.client()
    await add(api, "carla@example.com", internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    return api


async def test_a_file_is_uploaded_and_becomes_part_of_a_message(api: httpx.AsyncClient):
    uploaded = await api.post(UPLOAD, files={"file": ("plan.pdf", b"%PDF-1.4 x", "application/pdf")})
    file = uploaded.json()
    body = {
        "kind": "message",
        "author": "carla@example.com",
        "body_text": "See",
        "attachment_ids": [file["id"]],
    }

    message = (await api.post("/records/ticket/7/messages", json=body)).json()
    again = await api.post("/records/ticket/7/messages", json=body)

    assert uploaded.status_code == 201
    assert (file["name"], file["size"], file["content_type"]) == ("plan.pdf", 10, "application/pdf")
    assert [f["id"] for f in message["attachments"]] == [file["id"]]
    assert again.status_code == 422, "a file is part of one message"


async def test_large_content_comes_back_as_it_was(api: httpx.AsyncClient):
    content = bytes(range(256)) * 380
    file = (await api.post(UPLOAD, files={"file": ("a.bin", content)})).json()

    back = await api.get(f"/attachments/{file['id']}")

    assert hashlib.sha256(back.content).digest() == hashlib.sha256(content).digest()
    assert back.headers["content-length"] == str(len(content))


ACTIVE = [
    ("page.html", b"<html><script>alert(1)</script>", "text/html"),
    ("page.txt", b"<html><script>alert(1)</script>", "image/png"),
    ("image.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
    ("feed.xml", b"<?xml version='1.0'?><a/>", "application/xhtml+xml"),
    ("x.js", b"alert(1)", "text/javascript"),
    ("weird", b"x", 'text/html"; evil'),
]


async def test_no_file_can_run_in_a_browser(api: httpx.AsyncClient):
    for name, content, declared in ACTIVE:
        file = (await api.post(UPLOAD, files={"file": (name, content, declared)})).json()

        back = await api.get(f"/attachments/{file['id']}")

        assert back.headers["content-disposition"].startswith("attachment;")
        assert back.headers["x-content-type-options"] == "nosniff"
        assert back.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert back.headers["content-type"].partition(";")[0] == "application/octet-stream", name


SERVED = [
    ("a.png", PIXEL, "image/png", "image/png"),
    ("a.pdf", b"%PDF-1.7 x", "application/pdf", "application/pdf"),
    ("a.txt", b"words", "text/plain", "text/plain"),
    ("b.pdf", b"words", "application/pdf", "application/octet-stream"),
    ("b.gif", b"words", "image/gif", "application/octet-stream"),
    ("b.txt", b"w\0r\0d\0", "text/plain", "application/octet-stream"),
    ("b.bmp", b"BM" + bytes(20), "image/bmp", "application/octet-stream"),
    ("b.zip", b"PK\x03\x04", "application/zip", "application/octet-stream"),
    ("b.csv", b"a;b", "text/csv", "application/octet-stream"),
    ("b.ics", b"BEGIN:VCALENDAR", "text/calendar", "application/octet-stream"),
]


async def test_only_few_types_that_the_content_proves_are_served_as_themselves(api: httpx.AsyncClient):
    for name, content, declared, served in SERVED:
        file = (await api.post(UPLOAD, files={"file": (name, content, declared)})).json()

        back = await api.get(f"/attachments/{file['id']}")

        assert back.headers["content-type"].partition(";")[0] == served, name
        assert back.headers["content-disposition"].startswith("attachment;") and back.content == content


@pytest.mark.parametrize(
    "name", ["é à.txt", 'a"b;c.txt', "../../etc/passwd", "a\r\nSet-Cookie: x=y.txt", "年.txt"]
)
def test_a_name_cannot_break_out_of_its_header(name: str):
    value = download_headers(clean_name(name, "text/plain"))["Content-Disposition"]

    assert "\r" not in value and "\n" not in value and value.isascii() and value.count('"') == 2
    assert "filename*=UTF-8''" in value


async def test_a_file_over_the_limit_is_413_and_nothing_stays(web: Web, api: httpx.AsyncClient):
    answer = await api.post(UPLOAD, files={"file": ("big.bin", b"x" * 100_001)})

    assert answer.status_code == 413 and answer.json()["errors"][0]["pointer"] == "#/file"
    assert (await api.get(UPLOAD)).json()["items"] == []
    assert list((web.world.directory / "blobs" / "spool").glob("*")) == []


async def test_an_upload_without_a_file_and_to_no_record_is_refused(api: httpx.AsyncClient):
    no_file = await api.post(UPLOAD, data={"x": "y"}, files={})
    no_record = await api.post("/records/ticket/none/attachments", files={"file": ("a", b"a")})

    assert (no_file.status_code, no_record.status_code) == (400, 404)


async def test_the_same_upload_under_one_key_is_stored_once(api: httpx.AsyncClient):
    once, again = [
        await api.post(UPLOAD, files={"file": ("a.txt", b"a")}, headers={"Idempotency-Key": "u"})
        for _ in range(2)
    ]

    assert once.json() == again.json() and len((await api.get(UPLOAD)).json()["items"]) == 1


async def test_a_colleague_may_open_the_files_of_records_he_may_see_and_of_no_others(
    web: Web, api: httpx.AsyncClient
):
    from store.queries import thread as threads

    file = (await api.post(UPLOAD, files={"file": ("a.txt", b"a")})).json()
    browser = await web.browser("dave@example.com")
    path = f"/api/v1/attachments/{file['id']}"

    allowed = await browser.get(path)
    with web.world.database.write() as session:
        thread = threads.by_key(session, "ticket", "7")
        assert thread
        threads.change(session, thread, {"members": [1]}, web.world.now)

    assert allowed.status_code == 200
    assert (await browser.get(path)).status_code == 404
    assert (await web.open().get(path)).status_code == 401


async def test_an_inline_image_of_a_mail_gets_its_address(web: Web, api: httpx.AsyncClient):
    mail = (
        "From: a@stranger.example\r\nTo: support@threads.example.test\r\nSubject: Picture\r\nMessage-ID: <pic@stranger.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
        '--b\r\nContent-Type: text/html\r\n\r\n<p>Look <img src="cid:one@x" alt="it"></p>\r\n'
        "--b\r\nContent-Type: image/png\r\nContent-ID: <one@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{base64.b64encode(PIXEL).decode()}\r\n--b--\r\n"
    )
    entry = web.world.receive(mail.encode(), f"support@{DOMAIN}")
    message_id = web.world.targets(entry)[0].message_id

    message = (await api.get(f"/messages/{message_id}")).json()

    file = message["attachments"][0]
    assert file["inline"] and f'src="/api/v1/attachments/{file["id"]}"' in message["body_html"]
    assert (await api.get(f"/attachments/{file['id']}")).headers["content-type"] == "image/png"
