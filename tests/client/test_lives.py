"""Records live by calls: many at once, renamed, merged, split; and how long they had which value."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.client import (
    AsyncClient,
    ProblemError,
    RecordName,
    delete_record,
    duplicate_record,
    durations,
    follow_many,
    followers,
    merge_record,
    messages,
    post_message,
    put_record,
    put_records,
    record,
    rename_record,
    revoke_reply_address,
    split_record,
    take_mail,
)
from tests.builders import a_mail
from tests.client.conftest import ALICE, CAROL
from tests.web.conftest import Web
from tests.web.outbox import send

Names = tuple[str, str]


async def test_a_batch_is_of_the_calls_that_put_one_record(api: AsyncClient, ticket: Names):
    wanted = [
        put_record(*ticket, title="Big pump", actor=ALICE),
        put_record("ticket", "a/b c@d", title="Seal", parent=ticket, fields={"stage": "won"}),
    ]

    done = await api(put_records(wanted, actor=ALICE, idempotency_key="night"))
    again = await api(put_records(wanted, actor=ALICE, idempotency_key="night"))

    assert [(one.key, one.title) for one in done.items] == [("1", "Big pump"), ("a/b c@d", "Seal")]
    assert (done.created, done.changed) == (1, 1) and again == done
    assert (await api(record("ticket", "a/b c@d"))).fields == {"stage": "won"}


async def test_a_batch_with_a_fault_does_nothing_and_names_it(api: AsyncClient, ticket: Names):
    wanted = [
        put_record(*ticket, title="Big pump"),
        put_record("ticket", "2", assignee="who@nowhere.example"),
    ]

    with pytest.raises(ProblemError) as refused:
        await api(put_records(wanted))

    assert [one.pointer for one in refused.value.errors] == ["#/items/1/assignee"]
    assert (await api(record(*ticket))).title == "Pump"
    with pytest.raises(ValueError, match="DELETE"):
        put_records([delete_record(*ticket)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="rename"):
        put_records([rename_record(*ticket, "2")])


async def test_a_merged_record_leads_to_its_survivor(api: AsyncClient, ticket: Names):
    await api(put_record("ticket", "2", title="The same pump", actor=ALICE))
    said = await api(post_message(*ticket, author=ALICE, body_text="Seen"))

    survivor = await api(merge_record(*ticket, ("ticket", "2"), actor=ALICE, idempotency_key="m"))

    assert survivor.key == "2" and survivor == await api(record("ticket", "2"))
    assert said.id in [one.id for one in (await api(messages("ticket", "2"))).items]
    assert CAROL in {one.partner.email for one in (await api(followers("ticket", "2"))).items}
    with pytest.raises(ProblemError) as gone:
        await api(record(*ticket))
    assert gone.value.status == 404 and gone.value.merged_into == RecordName("ticket", "2")


async def test_a_record_is_renamed_split_and_duplicated(api: AsyncClient, ticket: Names):
    first, second = [
        await api(post_message(*ticket, author=ALICE, body_text=text)) for text in ("pump", "hose")
    ]

    split = await api(split_record(*ticket, [second.id], "2", title="Hose", actor=ALICE))
    twin = await api(duplicate_record(*ticket, "3", actor=ALICE))
    renamed = await api(rename_record(*ticket, "4", actor=ALICE))

    assert (split.key, split.title, twin.title, twin.fields) == ("2", "Hose", "Pump", {"stage": "new"})
    assert (renamed.key, twin.follower_count) == ("4", 1), "only who duplicated it follows the twin"
    assert [one.id for one in (await api(messages("ticket", "2", kind="message"))).items] == [second.id]
    assert [one.id for one in (await api(messages("ticket", "4", kind="message"))).items] == [first.id]


async def test_how_long_a_record_had_each_value(web: Web, api: AsyncClient, ticket: Names):
    web.world.now += timedelta(hours=2)
    await api(put_record(*ticket, fields={"stage": "won"}, actor=ALICE))
    web.world.now += timedelta(hours=1)

    new, won = (await api(durations(*ticket, "stage", actor=ALICE))).items

    assert (new.value, new.label, new.seconds, new.times, new.current) == ("new", "New", 7200, 1, False)
    assert (won.value, won.seconds, won.current, won.rotting) == ("won", 3600, True, False)
    [line] = [one for entry in (await api(messages(*ticket, kind="log"))).items for one in entry.tracking][:1]
    assert (line.field, line.old, line.new, line.type) == ("stage", "New", "Won", "")


async def test_a_published_reply_address_is_taken_back(web: Web, api: AsyncClient, ticket: Names):
    [mail] = await post_and_send(web, api, ticket)
    reply = str(mail["Reply-To"])

    await api(revoke_reply_address(*ticket, CAROL))
    web.world.now += timedelta(minutes=1)

    with pytest.raises(ProblemError) as refused:
        await api(take_mail(a_mail("spam@stranger.example", text="Buy"), [reply]))
    assert refused.value.errors[0].pointer == "#/rcpt/0"


async def post_and_send(web: Web, api: AsyncClient, names: Names) -> list:
    """The mails by which a message goes out."""
    await api(post_message(*names, author=ALICE, body_text="Hello"))
    return await send(web)


async def test_a_person_follows_many_records_by_one_call(api: AsyncClient, ticket: Names):
    await api(put_records([put_record("ticket", key, title=key) for key in "23"]))

    done = await api(follow_many([("ticket", "2"), ("ticket", "3")], [CAROL], idempotency_key="f"))

    assert (done.records, done.partners, done.changed) == (2, 1, 2)
