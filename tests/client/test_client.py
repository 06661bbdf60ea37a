"""The client says what the API takes and reads what it answers, call by call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway import client
from gateway.client import (
    AsyncClient,
    ProblemError,
    aliases,
    change_scheduled,
    change_subscription,
    delete_alias,
    delete_file,
    delete_message,
    delete_record,
    delete_record_type,
    delete_scheduled,
    delete_template,
    deliveries,
    delivery,
    discard,
    download,
    drop_delivery,
    edit_message,
    files,
    fill_template,
    followers,
    ledger,
    ledger_entry,
    ledger_mail,
    message,
    messages,
    partner,
    partners,
    post_message,
    put_alias,
    put_record,
    put_record_type,
    put_template,
    record,
    record_type,
    record_types,
    records,
    release,
    replay,
    retry_delivery,
    schedule_message,
    scheduled,
    search,
    send_scheduled,
    take_mail,
    template,
    templates,
    upload,
    versions,
)
from tests.builders import DOMAIN, a_mail
from tests.client.conftest import ALICE, CAROL
from tests.web.conftest import Web


async def test_what_is_left_out_stays_and_none_clears(api: AsyncClient, ticket: tuple[str, str]):
    await api(put_record(*ticket, url="https://shop.example/1", assignee=ALICE))
    kept = await api(put_record(*ticket, title="Big pump"))
    cleared = await api(put_record(*ticket, url=None, assignee=None, parent=None))

    assert (kept.title, kept.url, kept.assignee and kept.assignee.email) == (
        "Big pump",
        "https://shop.example/1",
        ALICE,
    )
    assert (cleared.title, cleared.url, cleared.assignee) == ("Big pump", None, None)
    assert cleared.fields == {"stage": "new"} and cleared.creator is not None and cleared.active


async def test_a_part_of_another_record_is_named_by_its_two_names(api: AsyncClient, ticket: tuple[str, str]):
    part = await api(put_record("ticket", "1/a", title="Seal", parent=ticket))

    assert part.parent == client.RecordName(*ticket)
    assert [one.key for one in (await api(records(query="Seal"))).items] == ["1/a"]
    await api(delete_record("ticket", "1/a", actor=ALICE))
    with pytest.raises(ProblemError):
        await api(record("ticket", "1/a"))


async def test_messages_are_found_and_the_thread_is_shown_around_them(
    api: AsyncClient, ticket: tuple[str, str]
):
    said = [
        await api(post_message(*ticket, author=ALICE, body_text=f"Word number{n}", subject="Pump"))
        for n in range(7)
    ]

    hits = (await api(search("number3", record_type="ticket"))).items
    page = await api(messages(*ticket, around=hits[0].id, limit=3))
    later = await api(messages(*ticket, after=said[5].id))

    assert [(hit.id, hit.title) for hit in hits] == [(said[3].id, "Pump")] and hits[0].highlights
    assert said[3].id in [one.id for one in page.items] and len(page.items) == 3
    assert [one.id for one in later.items] == [said[6].id]
    assert [one.id for one in (await api(messages(*ticket, query="number3"))).items] == [said[3].id]


async def test_an_outsider_sees_by_the_actor_what_is_his_to_see(api: AsyncClient, ticket: tuple[str, str]):
    note = await api(post_message(*ticket, author=ALICE, kind="note", body_text="between us"))
    await api(post_message(*ticket, author=ALICE, body_text="for all"))

    staff = await api(messages(*ticket, actor=ALICE))
    outside = await api(messages(*ticket, actor=CAROL))

    assert note.id in [one.id for one in staff.items]
    assert [one.body_text for one in outside.items if one.kind != "log"] == ["for all"]


async def test_a_message_is_edited_its_versions_are_kept_and_it_is_taken_back(
    api: AsyncClient, ticket: tuple[str, str]
):
    said = await api(post_message(*ticket, author=ALICE, body_text="Tomorow"))

    edited = await api(edit_message(said.id, body_text="Tomorrow", actor=ALICE))
    [version] = (await api(versions(said.id))).items
    await api(delete_message(said.id, actor=ALICE))

    assert (edited.body_text, version.body_text, version.replaced_by.email) == ("Tomorrow", "Tomorow", ALICE)
    assert edited.edited_at is not None and (await api(message(said.id))).deleted_at is not None


async def test_a_message_waits_for_its_time(web: Web, api: AsyncClient, ticket: tuple[str, str]):
    at = (web.world.now + timedelta(days=1)).isoformat()
    first, second = [
        await api(schedule_message(*ticket, author=ALICE, send_at=at, body_text=text)) for text in ("A", "B")
    ]

    moved = await api(change_scheduled(first.id, body_text="A2", subject=None))
    waiting = (await api(scheduled(*ticket))).items
    await api(delete_scheduled(second.id))
    posted = await api(send_scheduled(first.id))

    assert (moved.body_text, [one.id for one in waiting]) == ("A2", [first.id, second.id])
    assert posted.body_text == "A2" and (await api(scheduled(*ticket))).items == []


async def test_a_file_goes_up_into_a_message_and_down_again(api: AsyncClient, ticket: tuple[str, str]):
    sent = await api(
        upload(*ticket, name="plan à.pdf", content=b"%PDF-1.4 plan", content_type="application/pdf")
    )
    said = await api(post_message(*ticket, author=ALICE, body_text="See", attachment_ids=[sent.id]))
    loose = await api(upload(*ticket, name="x.txt", content=b"x"))

    assert (sent.name, sent.size, sent.content_type) == ("plan à.pdf", 13, "application/pdf")
    assert await api(download(sent.id)) == b"%PDF-1.4 plan"
    assert [one.id for one in said.attachments] == [sent.id]
    await api(delete_file(loose.id))
    assert [(one.id, one.main) for one in (await api(files(*ticket))).items] == [(sent.id, True)]


async def test_partners_are_found_by_any_address_and_followers_choose_subtypes(
    api: AsyncClient, ticket: tuple[str, str]
):
    carol = await api(partner("carol@home.example"))

    changed = await api(change_subscription(*ticket, carol.id, ["discussions", "rated"]))

    assert carol.addresses == [CAROL, "carol@home.example"]
    assert [one.email for one in (await api(partners(query="home.example"))).items] == [CAROL]
    assert set(changed.subtypes) == {"discussions", "rated"}
    assert {one.partner.email for one in (await api(followers(*ticket))).items} == {ALICE, CAROL}


async def test_types_aliases_and_templates_are_set_up_and_taken_down(
    api: AsyncClient, ticket: tuple[str, str]
):
    made = await api(put_record_type("claim", label="Claim", fields=[{"name": "sum", "label": "Sum"}]))
    alias = await api(put_alias(f"claims@{DOMAIN}", type="claim", defaults={"sum": 0}))
    text = await api(
        put_template("hello", record_type="ticket", subject="About {{ record.title }}", body_text="Hi")
    )
    filled = await api(fill_template("hello", ticket))

    assert (await api(record_type("claim"))) == made and made.fields[0]["name"] == "sum"
    assert "claim" in [one.name for one in (await api(record_types())).items]
    assert alias in (await api(aliases())).items and alias.defaults == {"sum": 0}
    assert (await api(template("hello"))) == text
    assert [one.name for one in (await api(templates(record_type="ticket"))).items] == ["hello"]
    assert filled.subject == "About Pump"
    await api(delete_template("hello"))
    await api(delete_alias(alias.address))
    await api(delete_record_type("claim"))


async def test_a_mail_is_handed_over_held_and_settled(web: Web, api: AsyncClient, ticket: tuple[str, str]):
    reply = (await api(record(*ticket))).reply_address
    raws = [a_mail("dora@stranger.example", text=text) for text in ("one", "two", "three")]
    taken = [
        await api(take_mail(raw, [reply, f"nobody@{DOMAIN}"], reverse_path="d@x.example")) for raw in raws
    ]
    while web.world.worker.run_once():
        pass
    held = (await api(ledger(state="held"))).items

    with web.working():
        released = await api(release(taken[0].id, author=CAROL, follow=False))
        replayed = await api(replay(taken[1].id, record=ticket, idempotency_key="once"))
        ended = await api(discard(taken[2].id, actor=ALICE))

    assert taken[0].unknown == [f"nobody@{DOMAIN}"] and [one.kind for one in taken[0].targets] == ["reply"]
    assert {one.id for one in held} == {one.id for one in taken}
    assert await api(ledger_mail(taken[0].id)) == raws[0]
    assert (released.state, replayed.state, ended.state) == ("posted", "posted", "refused")
    entry = await api(ledger_entry(taken[0].id))
    assert entry.reverse_path == "d@x.example" and entry.targets[0].record == client.RecordName(*ticket)
    assert "route" in [step.step for step in entry.trace]


async def test_what_goes_out_is_listed_tried_again_and_dropped(api: AsyncClient, ticket: tuple[str, str]):
    await api(post_message(*ticket, author=ALICE, body_text="Hello"))
    [waits] = (await api(deliveries(record=ticket, state="queued", actor=ALICE))).items
    with pytest.raises(ProblemError) as refused:
        await api(deliveries(record=ticket, actor=CAROL))
    assert refused.value.status == 404

    again = await api(retry_delivery(waits.id))
    dropped = await api(drop_delivery(waits.id, actor=ALICE))

    assert (waits.address, again.id) == (CAROL, waits.id)
    assert dropped.state == "skipped" and ALICE in dropped.detail
    assert (await api(delivery(waits.id))).state == "skipped"
