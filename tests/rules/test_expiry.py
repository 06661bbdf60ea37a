"""When a reply address is too old to vouch for its owner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.rules.expiry import is_stale
from gateway.rules.token import EPOCH

AT = EPOCH + timedelta(weeks=100)


@pytest.mark.parametrize(("issued", "notified", "weeks", "stale"), [
    (47, AT, 52, True),      # 53 weeks before the last notice: its owner has had newer ones
    (48, AT, 52, False),     # 52
    (100, AT, 52, False), (101, AT, 52, False),  # minted with the notice, and after it
    (0, None, 52, False),    # nobody was ever told
    (0, EPOCH, 52, False),   # the thread has been silent since: the last mail stays good for ever
    (0, AT, 0, False), (0, AT, 99, True),
])  # fmt: skip
def test_an_address_is_compared_with_the_last_notice_of_its_thread(issued, notified, weeks, stale):
    assert is_stale(issued, notified, weeks=weeks) is stale


def test_the_weeks_go_round_and_an_address_of_before_is_still_old():
    assert is_stale(2040, EPOCH + timedelta(weeks=2048 + 60), weeks=52)
