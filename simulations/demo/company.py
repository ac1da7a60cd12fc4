"""The process of the demo's people, as the engine's process sees it."""

import asyncio
import secrets
import sys
from typing import Final

import msgspec

from engine.config.sections import Config
from engine.errors import TrunklineError
from simulations.demo.addresses import HOST, YOU, Addresses
from simulations.demo.people.crowd import LEAVE_WITHIN_S, START_WITHIN_S, Plan
from simulations.demo.people.registration import Account
from simulations.demo.people.tally import READY, Tally

SPARE_S: Final = 10.0
"""What a busy machine may add to the times that people need."""


class PeopleFailed(TrunklineError):
    """The process of the people ended by itself."""


def plan_of(config: Config, addresses: Addresses, seed: int) -> Plan:
    """Say who comes, from the configuration."""
    agents = [agent.name for agent in config.agents if agent.name != YOU]
    phones = [
        Account(agent.name, agent.phone.address, agent.phone.password.get_secret_value())
        for agent in config.agents
        if agent.phone is not None and agent.phone.password is not None and addresses.sip_port
    ]
    chatting = [agent.name for agent in config.agents if agent.name != YOU and agent.capacity.get("chat")]
    run = secrets.token_hex(3)
    return Plan(addresses.url, HOST, addresses.sip_port, addresses.chat_port, agents, chatting, phones, run, seed)


class Company:
    """The running people."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.ended = asyncio.get_running_loop().create_task(process.wait())
        """Done when the process is gone, which is too early before `leave`."""

    @classmethod
    async def invite(cls, plan: Plan) -> "Company":
        """Start the process and wait until everybody is at work. Raises PeopleFailed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "simulations.demo.people",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C goes to the whole terminal, and may come before the process can ignore it
        )
        company = cls(process)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(plan) + b"\n")
        try:
            said = await asyncio.wait_for(process.stdout.readline(), START_WITHIN_S + SPARE_S)
        except TimeoutError:
            said = b""
        if said.decode().strip() != READY:
            company.dismiss()
            raise PeopleFailed("the simulated callers and agents could not start; what they said stands above")
        return company

    async def leave(self) -> Tally:
        """Let everybody finish and go; returns their own book. Raises PeopleFailed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            said = await asyncio.wait_for(self._process.stdout.read(), LEAVE_WITHIN_S + SPARE_S)
            await self.ended
            return msgspec.json.decode(said, type=Tally)
        except (TimeoutError, msgspec.DecodeError):
            raise PeopleFailed("the simulated callers and agents did not end well") from None

    def dismiss(self) -> None:
        """End the process at once, if it is still there."""
        if self._process.returncode is None:
            self._process.kill()
