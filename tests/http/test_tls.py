"""The service by https: nothing is told in the clear, and clients may have to show a certificate."""

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientSession, TCPConnector

from engine.errors import TlsFilesUnusable
from tests.certificates import make_certificates
from tests.http.support import Build, House, get

HEALTH_CHECK = Path(__file__).parents[2] / "deploy" / "healthcheck.py"


def trusting(folder: Path) -> ssl.SSLContext:
    """A client's context that trusts the authority."""
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


def section(folder: Path, more: str = "") -> str:
    return f"tls: {{certificate_file: {folder / 'server.pem'}, key_file: {folder / 'server.key'}{more}}}"


async def test_it_answers_by_https_alone(build: Build, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    house = await build(section(tmp_path))
    secured = house.url.replace("http:", "https:")
    async with ClientSession(secured, connector=TCPConnector(ssl=trusting(tmp_path))) as client:
        assert (await get(client, "/api/v1/queues"))["queues"]
    async with ClientSession(house.url) as client:
        with pytest.raises(aiohttp.ClientError):
            await client.get("/api/v1/queues")


async def test_clients_without_a_certificate_are_kept_out(build: Build, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    house = await build(section(tmp_path, f", client_ca_file: {tmp_path / 'ca.pem'}"))
    secured = house.url.replace("http:", "https:")
    known = trusting(tmp_path)
    known.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    async with ClientSession(secured, connector=TCPConnector(ssl=known)) as client:
        assert (await get(client, "/api/v1/queues"))["queues"]
    async with ClientSession(secured, connector=TCPConnector(ssl=trusting(tmp_path))) as client:
        with pytest.raises(aiohttp.ClientError):
            await client.get("/api/v1/queues")


def is_healthy(house: House) -> bool:
    """What the container's health check finds."""
    address = house.url.removeprefix("http://").rstrip("/")
    return subprocess.run([sys.executable, HEALTH_CHECK, address], check=False, capture_output=True).returncode == 0


async def test_the_containers_health_check_needs_no_certificate(build: Build, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    for more in ("", f", client_ca_file: {tmp_path / 'ca.pem'}"):
        house = await build(section(tmp_path, more))
        assert await asyncio.to_thread(is_healthy, house)
    plain = await build()
    assert await asyncio.to_thread(is_healthy, plain)
    await plain.adapter.stop()
    assert not await asyncio.to_thread(is_healthy, plain)


async def test_a_reload_shows_the_certificate_that_the_files_hold_now(build: Build, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    house = await build(section(tmp_path))
    secured, before = house.url.replace("http:", "https:"), trusting(tmp_path)

    async def answers(trusted: ssl.SSLContext) -> bool:
        async with ClientSession(secured, connector=TCPConnector(ssl=trusted)) as client:
            try:
                return bool((await get(client, "/api/v1/queues"))["queues"])
            except aiohttp.ClientError:
                return False

    def reload() -> list[str]:
        return house.adapters.reload({"http": house.adapter.settings}, ()).faults

    assert await answers(before)
    assert not house.adapter.renew_certificate(), "it is the same"
    make_certificates(tmp_path)  # another authority, too
    anew = trusting(tmp_path)
    assert await answers(before)
    assert reload() == []
    assert [await answers(before), await answers(anew)] == [False, True]
    (tmp_path / "server.key").write_bytes((tmp_path / "ca.key").read_bytes())
    (fault,) = reload()
    assert "are no certificate with its key" in fault
    assert "shown further on" in fault
    assert await answers(anew)


async def test_a_wrong_certificate_keeps_it_from_starting(build: Build, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    (tmp_path / "server.pem").write_text("no certificate")
    with pytest.raises((TlsFilesUnusable, Exception), match="are no certificate with its key"):
        await build(section(tmp_path))
