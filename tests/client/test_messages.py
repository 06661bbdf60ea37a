"""Who would hear of a message, whom to propose, what waits, what its files are."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest

from gateway.client import (
    AsyncClient,
    Message,
    ProblemError,
    Scheduled,
    Upload,
    audience,
    download_all,
    edit_message,
    files,
    message,
    messages,
    post_message,
    put_partner,
    schedule_message,
    scheduled_message,
    search,
    send_scheduled,
    suggested_recipients,
    upload,
    upload_files,
    versions,
)
from tests.client.conftest import ALICE, CAROL
from tests.web.conftest import Web

Names = tuple[str, str]
DORA = "dora@stranger.example"


async def test_who_would_hear_of_a_message_and_why_not_of_a_note(api: AsyncClient, ticket: Names):
    of_message = (await api(audience(*ticket, author=ALICE, mentions=[DORA], actor=ALICE))).items
    of_note = (await api(audience(*ticket, kind="note", author=ALICE, mentions=[DORA]))).items

    told = {one.partner.email: (one.channel, one.timing) for one in of_message if one.timing != "none"}
    assert told == {CAROL: ("email", "now"), DORA: ("email", "now")}
    assert [one.partner.id for one in of_message if one.partner.email == DORA] == [None]
    assert {one.timing for one in of_note if one.partner.email != ALICE} == {"none"}
    with pytest.raises(ProblemError) as refused:
        await api(audience(*ticket, subtype="unheard"))
    assert refused.value.errors[0].pointer == "#/subtype"


async def test_who_was_named_beside_the_followers_is_proposed_again(api: AsyncClient, ticket: Names):
    await api(post_message(*ticket, author=ALICE, body_text="See", cc=[DORA]))

    proposed = (await api(suggested_recipients(*ticket, actor=ALICE))).items

    [dora] = [one for one in proposed if one.email == DORA]
    assert dora.reason and dora.partner is not None and not dora.partner.internal
    assert ALICE not in [one.email for one in proposed]


async def test_several_kinds_are_listed_and_searched_at_once(api: AsyncClient, ticket: Names):
    said = [
        (await api(post_message(*ticket, author=ALICE, body_text=f"Pump{n}", kind=kind))).id
        for n, kind in enumerate(("message", "note", "message"))
    ]

    listed = await api(messages(*ticket, kind=["message", "note"]))
    found = await api(search("Pump", kind=("note", "log")))
    near = await api(search("Pump", around=said[1], limit=2, kind=["message", "note"]))

    assert [one.id for one in listed.items] == said[::-1]
    assert {one.kind for one in found.items} <= {"note", "log"} and said[1] in [one.id for one in found.items]
    assert said[1] in [one.id for one in near.items]


async def test_a_message_that_waits_is_signed_when_it_is_posted(web: Web, api: AsyncClient, ticket: Names):
    await api(put_partner(ALICE, signature="Alice, pumps"))
    at = (web.world.now + timedelta(days=1)).isoformat()

    waits = await api(schedule_message(*ticket, author=ALICE, send_at=at, body_text="Soon", signature=True))

    assert isinstance(waits, Scheduled) and (waits.date, waits.message_id, waits.notices) == (
        waits.send_at,
        "",
        [],
    )
    assert waits == await api(scheduled_message(waits.id, actor=ALICE)) and waits.body_text == "Soon"
    posted = await api(send_scheduled(waits.id, actor=ALICE, idempotency_key="now"))
    assert "Alice, pumps" in posted.body_text


async def test_a_time_that_has_passed_posts_and_answers_the_message(
    web: Web, api: AsyncClient, ticket: Names
):
    at = (web.world.now - timedelta(seconds=1)).isoformat()

    said = await api(schedule_message(*ticket, author=ALICE, send_at=at, body_text="Late"))

    assert isinstance(said, Message) and said == await api(message(said.id))
    assert [one.body_text for one in (await api(messages(*ticket, kind="message"))).items] == ["Late"]


async def test_files_go_up_together_and_come_down_as_one_archive(api: AsyncClient, ticket: Names):
    one, two = (
        await api(
            upload_files(*ticket, Upload("a.txt", b"A", "text/plain"), Upload("b.txt", b"B", "text/plain"))
        )
    ).items
    hidden = await api(upload(*ticket, name="draft.txt", content=b"x", pending=True, idempotency_key="u"))

    said = await api(post_message(*ticket, author=ALICE, body_text="See", attachment_ids=[one.id, two.id]))
    archive = zipfile.ZipFile(io.BytesIO(await api(download_all(said.id, actor=CAROL))))

    assert {name: archive.read(name) for name in archive.namelist()} == {"a.txt": b"A", "b.txt": b"B"}
    page = await api(files(*ticket, limit=1))
    assert (len(page.items), page.total) == (1, 2)
    rest = await api(files(*ticket, before=page.next))
    assert [file.id for file in rest.items] == [two.id] and hidden.id != two.id


async def test_an_older_version_names_the_files_that_it_had(api: AsyncClient, ticket: Names):
    plan = await api(upload(*ticket, name="plan.txt", content=b"plan"))
    said = await api(post_message(*ticket, author=ALICE, body_text="See", attachment_ids=[plan.id]))

    await api(edit_message(said.id, body_text="Seen", attachment_ids=[], actor=ALICE))

    [version] = (await api(versions(said.id, limit=1, actor=ALICE))).items
    assert [(file.name, file.size) for file in version.attachments] == [("plan.txt", 4)]
