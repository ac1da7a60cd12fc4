"""Boards of the configuration, and what the page asks for beside the stream."""

import re
from pathlib import Path

import pytest
from aiohttp import ClientSession

from adapters.http.adapter import HttpAdapter
from adapters.http.routes import wallboard
from engine.config.load import load_config
from engine.errors import ConfigError
from engine.projections.queues.health import JUDGED_OF
from tests.http.support import CAPACITY, CENTRE, CONTACTS, Build, get, tell

BOARD = """boards: {floor: {title: Sàn A, queues: [sales], theme: dark, rotate: 20s,
  thresholds: {oldest_wait_s: {warn: 30, alert: 60}},
  queue_thresholds: {sales: {service_level: {warn: 0.9, alert: 0.7}}},
  screens: [{name: now, blocks: [tiles, queues]}, {blocks: [agents]}]}}"""


async def test_a_board_says_what_it_shows_and_by_which_thresholds(build: Build) -> None:
    house = await build(BOARD)
    async with ClientSession(house.url) as client:
        listed = await get(client, "/api/v1/boards")
        assert listed["boards"] == [{"board": "default", "title": ""}, {"board": "floor", "title": "Sàn A"}]
        board = await get(client, "/api/v1/boards/floor")
        assert (board["title"], board["theme"], board["rotate_s"]) == ("Sàn A", "dark", 20.0)
        assert list(board["thresholds"]) == ["sales"]
        assert board["judged_of"] == JUDGED_OF, "the page judges shares of as many as alerts do"
        sales = board["thresholds"]["sales"]
        assert sales["oldest_wait_s"] == {"warn": 30.0, "alert": 60.0}
        assert sales["service_level"] == {"warn": 0.9, "alert": 0.7}
        assert "occupancy" not in sales
        assert [screen["blocks"] for screen in board["screens"]] == [["tiles", "queues"], ["agents"]]
        default = await get(client, "/api/v1/boards/default")
        assert default["thresholds"]["sales"]["oldest_wait_s"] == {"warn": 14.0, "alert": 20.0}
        assert default["thresholds"]["sales"]["service_level"] == {"warn": 0.8, "alert": pytest.approx(0.7)}
        async with client.get("/api/v1/boards/nowhere") as answer:
            assert answer.status == 404
        for address, status in (("/wallboard", 200), ("/wallboard/floor", 200), ("/wallboard/nowhere", 404)):
            async with client.get(address) as answer:
                assert answer.status == status


async def test_files_of_the_page_are_asked_for_again_only_when_they_changed(client: ClientSession) -> None:
    async with client.get("/pages/wallboard/main.js") as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")
        tag = answer.headers["ETag"]
    async with client.get("/pages/wallboard/main.js", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    for strange in ("nothing.js", "..%2F..%2Fsettings.py", "wallboard.html"):
        async with client.get(f"/pages/wallboard/{strange}") as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ("queues: [sals]", "did you mean 'sales'?"),
        ("thresholds: {wating: {warn: 1, alert: 2}}", "did you mean 'waiting'?"),
        ("thresholds: {waiting: {warn: 9, alert: 5}}", "the alert (5) lies below the warning (9)"),
        ("thresholds: {service_level: {warn: 0.7, alert: 0.9}}", "the alert (0.9) lies above the warning (0.7)"),
        ("queues: [help], queue_thresholds: {sales: {}}", "not among the board's queues"),
        ("screens: [{blocks: [gauges]}]", "gauges"),
    ],
)
def test_a_wrong_board_is_refused_with_its_place(tmp_path: Path, section: str, fault: str) -> None:
    path = tmp_path / "centre.yaml"
    path.write_text(f"{CENTRE}\nadapters:\n  http:\n    boards:\n      floor: {{{section}}}\n")
    with pytest.raises(ConfigError) as found:
        load_config(path, adapters={"http": lambda: HttpAdapter})
    assert fault in str(found.value)


async def test_a_line_tells_why_each_contact_waits_with_callers_masked(client: ClientSession) -> None:
    for number in range(3):
        await tell(client, CONTACTS, 201, contact=f"c{number}", queue="sales", customer=f"+84 24 3825 100{number}")
    line = await get(client, "/api/v1/boards/default/waiting?queue=sales&limit=2")
    assert line["total"] == 3
    assert [(one["contact"], one["position"], one["why_code"]) for one in line["contacts"]] == [
        ("c0", 1, "nobody_at_work"),
        ("c1", 2, "nobody_at_work"),
    ]
    assert "3825" not in str(line)
    async with client.get("/api/v1/boards/default/waiting?queue=nowhere") as answer:
        assert answer.status == 404


async def test_the_hour_has_a_sample_once_somebody_looked(client: ClientSession) -> None:
    before = await get(client, "/api/v1/boards/default/hour")
    assert set(before["waiting"]) == {None}
    await tell(client, CONTACTS, 201, contact="c", queue="sales")
    async with client.get("/api/v1/stream?topics=queues") as stream:
        async for line in stream.content:
            if line.startswith(b"data: "):
                break
        hour = await get(client, "/api/v1/boards/default/hour")
    assert [value for value in hour["waiting"] if value is not None] == [1]
    assert len(hour["minutes_ns"]) == 61


async def test_the_level_of_half_an_hour_is_told_where_so_much_is_kept(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=CENTRE.replace("interval: 15m", "interval: 1m"))
    async with ClientSession(house.url) as client:
        await tell(client, "/api/v1/agents/alice/status", status="available")
        await tell(client, CONTACTS, 201, contact="c", queue="sales")
        await tell(client, "/api/v1/agents/alice/offers/c/answer")
        assert (await get(client, "/api/v1/boards/default/hour"))["service_level_recent"] is not None
        kept_ns = CAPACITY.intervals * 60 * 1_000_000_000
        monkeypatch.setattr(wallboard, "RECENT_NS", kept_ns + 60 * 1_000_000_000)
        assert (await get(client, "/api/v1/boards/default/hour"))["service_level_recent"] is None


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}


async def test_a_browser_that_asks_for_no_board_is_shown_those_there_are(build: Build) -> None:
    house = await build('boards: {floor: {title: "Tầng 3 <b>"}}')
    async with ClientSession(house.url) as client:
        async with client.get("/wallboard/flor%3Cb%3E", headers=BROWSER) as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type, answer.charset) == (404, "text/html", "utf-8")
        assert "There is no board called “flor&lt;b&gt;”" in text
        assert 'lang="vi">Không có bảng nào' in text
        assert re.findall(r'href="/wallboard/([^"]+)"', text) == ["default", "floor"]
        assert "Tầng 3 &lt;b&gt;" in text
        for accept in ("*/*", "application/json"):
            async with client.get("/wallboard/flor", headers={"Accept": accept}) as answer:
                assert (answer.status, answer.content_type) == (404, "application/problem+json")
                assert "there is default, floor" in (await answer.json())["detail"]
        async with client.get("/wallboard/floor", headers=BROWSER) as answer:
            assert answer.status == 200
