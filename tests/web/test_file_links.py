"""Files that a mail has no room for: the mail carries a link, and the link leads to the file."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx

from gateway.rules.file_link import LIVES
from tests.web.conftest import BASE, Web, add
from tests.web.outbox import send, text_of

Api = httpx.AsyncClient
ALICE, OLGA = "alice@corp.example", "olga@outside.example"


async def test_h09_what_is_too_large_for_the_mail_is_behind_a_link(web: Web, api: Api):
    await add(api, ALICE, internal=True)
    await api.put("/records/ticket/7", json={"title": "Printer"})
    ids = [
        (
            await api.post("/records/ticket/7/attachments", files={"file": (name, content, "text/html")})
        ).json()["id"]
        for name, content in (("small.txt", b"s" * 10), ("large.html", b"<b>l</b>" * 5000))
    ]
    said = (await api.post(
        "/records/ticket/7/messages",
        json={"kind": "message", "author": ALICE, "body_text": "Files", "recipients": [OLGA], "attachment_ids": ids},
    )).json()  # fmt: skip

    [mail] = await send(web, largest=40_000)

    assert [part.get_filename() for part in mail.iter_attachments()] == ["small.txt"]
    [url] = re.findall(rf"- large\.html \(39 KiB\): ({re.escape(BASE)}/files/[a-z0-9]+)", text_of(mail))
    assert f'href="{url}"' in mail.get_body(("html",)).get_content()
    nobody = web.open()
    found = await nobody.get(url)
    assert found.status_code == 200 and found.content == b"<b>l</b>" * 5000
    assert (
        found.headers["content-disposition"].startswith("attachment")
        and found.headers["content-type"] == "application/octet-stream"
    )
    assert "sandbox" in found.headers["content-security-policy"]
    changed = url[:-3] + ("a" if url[-3] != "a" else "b") + url[-2:]
    assert (await nobody.get(changed)).status_code == 404
    web.world.now += LIVES + timedelta(days=1)
    assert (await nobody.get(url)).status_code == 404
    web.world.now -= LIVES + timedelta(days=1)
    await api.delete(f"/messages/{said['id']}", params={"actor": ALICE})
    assert (await nobody.get(url)).status_code == 404
