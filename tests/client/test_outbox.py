"""What did not arrive, tried again or let be; and the addresses that get no mail or bring none."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from gateway.client import (
    AsyncClient,
    ProblemError,
    blocks,
    cancel_failures,
    delete_block,
    delete_suppression,
    deliveries,
    failures,
    message,
    post_message,
    put_block,
    put_suppression,
    record,
    retry_delivery,
    retry_failures,
    suppression,
    suppressions,
    take_mail,
)
from tests.builders import a_mail
from tests.client.conftest import ALICE, CAROL
from tests.web.conftest import BASE, Web

Names = tuple[str, str]


@pytest.fixture
async def failed(api: AsyncClient, ticket: Names) -> Names:
    """Alice wrote twice to Carol, both of whose addresses get no mail."""
    for address in (CAROL, "carol@home.example"):
        await api(put_suppression(address, reason="no such mailbox", status="5.1.1"))
    for text in ("One", "Two"):
        await api(post_message(*ticket, author=ALICE, body_text=text))
    return ticket


async def test_an_author_sees_what_did_not_arrive_page_by_page(api: AsyncClient, failed: Names):
    first = await api(failures(ALICE, limit=1))
    rest = await api(failures(ALICE, before=first.next, actor=ALICE))

    assert [one.state for one in first.items + rest.items] == ["suppressed", "suppressed"]
    assert first.by_record_type == {"ticket": 2} and rest.next is None
    notices = (await api(message(first.items[0].message or 0))).notices
    [reason] = [one.reason for one in notices if one.delivery == first.items[0].id]
    assert reason == "no such mailbox"


async def test_what_failed_is_tried_again_or_let_be(api: AsyncClient, failed: Names):
    newest, oldest = (await api(failures(ALICE))).items
    await api(delete_suppression(CAROL, actor=ALICE))

    tried = await api(retry_failures(ALICE, deliveries=[newest.id], idempotency_key="r"))
    ended = await api(cancel_failures(ALICE, record_type="ticket", actor=ALICE))

    assert (tried.changed, ended.changed) == (1, 1)
    assert (await api(failures(ALICE))).items == []
    states = {one.id: one.state for one in (await api(deliveries(record=failed))).items}
    assert (states[newest.id], states[oldest.id]) == ("queued", "skipped")


async def test_without_the_scope_admin_a_mail_is_tried_again_for_its_author(
    web: Web, api: AsyncClient, failed: Names
):
    newest = (await api(failures(ALICE))).items[0]
    await api(delete_suppression(CAROL))

    async with AsyncClient(BASE, web.token("post"), transport=httpx.ASGITransport(web.app)) as plain:
        with pytest.raises(ProblemError) as refused:
            await plain(retry_delivery(newest.id))
        again = await plain(retry_delivery(newest.id, actor=ALICE, idempotency_key="once"))

    assert (refused.value.status, again.state) == (403, "queued")


async def test_an_address_gets_no_mail_until_its_time(web: Web, api: AsyncClient, ticket: Names):
    until = web.world.now + timedelta(days=7)

    kept = await api(
        put_suppression(CAROL, reason="on leave", until=until.isoformat(), source="desk", actor=ALICE)
    )

    assert (kept.address, kept.reason, kept.until, kept.source) == (CAROL, "on leave", until, "desk")
    assert kept == await api(suppression(CAROL)) and (await api(suppressions())).items == [kept]
    await api(delete_suppression(CAROL))
    with pytest.raises(ProblemError) as unknown:
        await api(suppression(CAROL))
    assert unknown.value.status == 404


async def test_a_blocked_domain_brings_no_mail(api: AsyncClient, ticket: Names):
    reply = (await api(record(*ticket))).reply_address
    wish = take_mail(a_mail("eve@bad.example", text="x"), [reply], reverse_path="eve@bad.example")

    blocked = await api(put_block("@bad.example", reason="spam", actor=ALICE))
    with pytest.raises(ProblemError) as refused:
        await api(wish)

    assert [one.pattern for one in (await api(blocks())).items] == [blocked.pattern] == ["@bad.example"]
    assert blocked.reason == "spam" and refused.value.errors[0].pointer == "#/from"
    await api(delete_block("@bad.example"))
    assert (await api(blocks(limit=1))).items == []
