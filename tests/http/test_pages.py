"""Lists come in pages that join to the whole, by the Link header and by what the answer says of the next one."""

from typing import Any

import pytest
from aiohttp import ClientSession
from yarl import URL

from tests.http.support import CONTACTS, get, tell

WAITING = "/api/v1/queues/sales/contacts"


async def follow(client: ClientSession, address: str, items: str, cursor: str) -> list[list[Any]]:
    """Return every page from an address on; the Link header and the body must lead to the same."""
    pages: list[list[Any]] = []
    while address:
        async with client.get(address) as answer:
            assert answer.status == 200, await answer.text()
            page, link = await answer.json(), answer.links.get("next")
        pages.append(page[items])
        address = str(link["url"]) if link else ""
        if address:
            after = "after_seq" if cursor == "next_after_seq" else "after"
            assert URL(address).query[after] == str(page[cursor])
        else:
            assert page[cursor] is None or not page["more"]
    return pages


async def test_queues_and_agents_come_in_pages(client: ClientSession) -> None:
    for items, name in (("queues", "queue"), ("agents", "agent")):
        everything = (await get(client, f"/api/v1/{items}"))[items]
        pages = await follow(client, f"/api/v1/{items}?limit=1", items, "next_after")
        assert [[one[name] for one in page] for page in pages] == [[one[name]] for one in everything]
        async with client.get(f"/api/v1/{items}?after=nobody") as answer:
            assert answer.status == 404


async def test_a_customers_contacts_come_in_pages(client: ClientSession) -> None:
    for number in range(23):
        customer = "ann" if number % 2 else "bob"
        await tell(client, CONTACTS, 201, queue="sales", contact=f"c{number}", customer=customer)
    pages = await follow(client, f"{CONTACTS}?customer=ann&limit=4", "contacts", "next_after")
    assert [len(page) for page in pages] == [4, 4, 3]
    found = [contact["contact"] for page in pages for contact in page]
    assert found == [f"c{number}" for number in range(21, 0, -2)]
    everything = await get(client, f"{CONTACTS}?customer=ann")
    assert (len(everything["contacts"]), everything["next_after"]) == (11, None)
    assert (await get(client, f"{CONTACTS}?customer=ann&limit=11"))["next_after"] is None
    assert (await get(client, f"{CONTACTS}?customer=ann&after=1"))["contacts"] == []


async def test_a_waiting_list_comes_in_pages_in_the_order_of_service(client: ClientSession) -> None:
    for number in range(11):
        priority = 3 if number in (4, 9) else 0
        await tell(client, CONTACTS, 201, queue="sales", contact=f"c{number}", priority=priority)
    everything = await get(client, WAITING)
    assert (everything["total"], everything["next_after"]) == (11, None)
    pages = await follow(client, f"{WAITING}?limit=4", "contacts", "next_after")
    assert [len(page) for page in pages] == [4, 4, 3]
    listed = [(contact["contact"], contact["position"]) for page in pages for contact in page]
    assert listed == [(contact["contact"], contact["position"]) for contact in everything["contacts"]]
    assert [position for _, position in listed] == list(range(1, 12))
    assert (await get(client, f"{WAITING}?limit=11"))["next_after"] is None


async def test_a_waiting_list_goes_on_where_its_last_contact_stood(client: ClientSession) -> None:
    for number in range(5):
        await tell(client, CONTACTS, 201, queue="sales", contact=f"c{number}")
    first = await get(client, f"{WAITING}?limit=2")
    for name in ("c0", "c1", "c2"):
        await tell(client, f"{CONTACTS}/{name}/withdraw")
    page = await get(client, f"{WAITING}?limit=2&after={first['next_after']}")
    assert [(contact["contact"], contact["position"]) for contact in page["contacts"]] == [("c3", 1), ("c4", 2)]
    assert page["next_after"] is None


@pytest.mark.parametrize("after", ["c1", "1", "1.2.3", "9" * 19 + ".1", "1." + "9" * 5000, "-"])
async def test_a_waiting_list_takes_no_other_cursor(client: ClientSession, after: str) -> None:
    async with client.get(WAITING, params={"after": after}) as answer:
        problem = await answer.json()
    assert (answer.status, problem["errors"][0]["parameter"]) == (400, "after")
    assert problem["detail"].endswith("is not the 'next_after' of a page")


async def test_a_timeline_comes_in_pages(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    for name in ("one", "other"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
    await tell(client, "/api/v1/agents/alice/offers/one/answer")
    await tell(client, f"{CONTACTS}/one/release")
    whole = await get(client, f"{CONTACTS}/one/timeline")
    pages = await follow(client, f"{CONTACTS}/one/timeline?limit=2", "events", "next_after_seq")
    assert [event for page in pages for event in page] == whole["events"]
    assert len(pages) > 2
    last = whole["events"][-1]["seq"]
    assert (await get(client, f"{CONTACTS}/one/timeline?after_seq={last - 1}"))["events"] == whole["events"][-1:]


async def test_a_timeline_ends_with_its_contact(client: ClientSession) -> None:
    """Its slot is somebody else's later, whose events are none of it."""
    await tell(client, CONTACTS, 201, queue="sales", contact="first")
    await tell(client, f"{CONTACTS}/first/withdraw")
    last = (await get(client, f"{CONTACTS}/first/timeline"))["events"][-1]["seq"]
    for number in range(300):  # more than there are slots
        await tell(client, CONTACTS, 201, queue="sales", contact=f"n{number}")
        await tell(client, f"{CONTACTS}/n{number}/withdraw")
    for address in (f"{CONTACTS}/first/timeline?after_seq={last}", f"/api/v1/events?contact=first&after_seq={last}"):
        page = await get(client, address)
        assert (page["events"], page["more"]) == ([], False)
