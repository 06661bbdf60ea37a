"""The house is set up by calls: aliases, files of templates, webhooks; and one definition serves both clients."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from gateway.client import (
    AsyncClient,
    Call,
    Client,
    ProblemError,
    Upload,
    add_template_files,
    alias,
    aliases,
    delete_template_file,
    ledger,
    messages,
    partner,
    post_message,
    put_alias,
    put_partner,
    put_record,
    put_template,
    put_webhook,
    record,
    record_types,
    replay,
    retry_event,
    take_mail,
    template,
    webhook,
    webhook_events,
    webhooks,
)
from store.queries import event as events
from tests.builders import DOMAIN, a_mail
from tests.client.conftest import ALICE, CAROL
from tests.web.conftest import BASE, Web

Names = tuple[str, str]


async def test_lists_go_on_from_their_cursor(api: AsyncClient, ticket: Names):
    made = [await api(put_alias(f"{name}@{DOMAIN}", type="ticket")) for name in ("claims", "sales")]

    first = await api(aliases(limit=1))
    second = await api(aliases(limit=1, before=first.next))

    assert first.items + second.items == made and await api(alias(made[1].address)) == made[1]
    assert (await api(record_types(before="ticket"))).items == []


async def test_files_of_a_template_go_with_every_message(api: AsyncClient, ticket: Names):
    await api(put_template("terms", record_type="ticket", subject="Terms", body_text="Attached"))

    kept = await api(add_template_files("terms", Upload("t.txt", b"T", "text/plain"), Upload("u.txt", b"UU")))
    said = await api(post_message(*ticket, author=ALICE, template="terms"))
    await api(delete_template_file("terms", kept.attachments[0].id))

    assert [(one.name, one.size) for one in kept.attachments] == [("t.txt", 1), ("u.txt", 2)]
    assert [one.name for one in said.attachments] == ["t.txt", "u.txt"]
    assert [one.name for one in (await api(template("terms"))).attachments] == ["u.txt"]
    assert kept.owner is None and kept.updated_at is not None


async def test_what_a_webhook_was_told_is_listed_and_told_again(web: Web, api: AsyncClient, ticket: Names):
    made = await api(put_webhook("desk", url="https://desk.example/hook", events=["message.posted"]))
    said = await api(post_message(*ticket, author=ALICE, body_text="Hello"))
    with web.world.database.write() as session:  # as Events does where a bell rings for new webhooks
        events.add(session, [("desk", "message.posted", {"message": said.id})], web.world.now)

    [event] = (await api(webhook_events("desk", state="queued"))).items

    assert made.secret and not (await api(webhook("desk"))).secret
    assert [one.id for one in (await api(webhooks())).items] == ["desk"] and made.created_at is not None
    assert (event.type, event.attempts, event.status) == ("message.posted", 0, "")
    await api(retry_event("desk", event.id))
    with pytest.raises(ProblemError) as unknown:
        await api(retry_event("desk", event.id + 1))
    assert unknown.value.status == 409


async def test_a_partner_moves_to_another_address(api: AsyncClient, ticket: Names):
    moved = await api(put_partner(CAROL, new_email="carol@new.example"))

    assert moved.email == "carol@new.example" and moved.id == (await api(partner(CAROL))).id


async def test_a_replay_is_tried_dry_first(web: Web, api: AsyncClient, ticket: Names):
    reply = (await api(record(*ticket))).reply_address
    taken = await api(take_mail(a_mail("dora@stranger.example", text="one"), [reply]))
    while web.world.worker.run_once():
        pass

    tried = await api(replay(taken.id, record=ticket, dry_run=True))

    assert tried.trace and (await api(ledger(state="held"))).items[0].id == taken.id


class Bridge(httpx.BaseTransport):
    """The application for a client that waits: each request in a loop of its own."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._web.app)) as client:
                return await client.send(request)

        request.read()
        answer = asyncio.run(ask())
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


async def test_one_definition_serves_the_client_that_waits_and_the_one_that_does_not(
    web: Web, api: AsyncClient, ticket: Names
):
    calls: list[Call] = [
        post_message(*ticket, author=ALICE, body_text="Hello", idempotency_key="one"),
        put_record(*ticket, title="Big pump"), record(*ticket), messages(*ticket), record_types(),
    ]  # fmt: skip

    def waiting() -> list:
        with Client(BASE, web.token(), transport=Bridge(web)) as client:
            return [client(call) for call in calls[1:]]

    said = await api(calls[0])
    assert await api(calls[0]) == said
    assert await asyncio.to_thread(waiting) == [await api(call) for call in calls[1:]]
