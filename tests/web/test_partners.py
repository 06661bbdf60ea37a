"""People over the API: their addresses, who is staff, how they want to be told, and two that become one."""

from __future__ import annotations

import httpx
import pytest

from tests.builders import DOMAIN
from tests.web.conftest import add

Api = httpx.AsyncClient


def pointers(answer: httpx.Response) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


OURS = [f"{local}@{DOMAIN}" for local in (
    "support", "reply", "reply+abc", "bounce+abc", "leave+abc", "notifications", "postmaster", "abuse",
)]  # fmt: skip


@pytest.mark.parametrize("address", OURS)
async def test_an_address_of_ours_is_nobodys(api: Api, address: str):
    main = await api.put(f"/partners/{address}", json={"name": "Loop"})
    further = await api.put(
        "/partners/olga@outside.example", json={"addresses": ["o@outside.example", address]}
    )

    assert (main.status_code, pointers(main)) == (422, ["#/email"])
    assert (further.status_code, pointers(further)) == (422, ["#/addresses/1"])
    assert (await api.get("/partners/olga@outside.example")).status_code == 404


async def test_a_colleague_may_have_an_address_in_a_domain_of_ours(api: Api):
    assert (await add(api, f"carla@{DOMAIN}", internal=True))["email"] == f"carla@{DOMAIN}"
