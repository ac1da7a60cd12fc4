"""Calls from Asterisk's queue_log: `epoch_s|callid|queue|agent|EVENT|parameters`, whole seconds, no fixed units.

A call that goes through two queues is two calls here, the second one of somebody who had called already. Whoever is in
a queue when Asterisk starts anew left it unseen.
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from simulations.fit.bad_lines import BadLines
from simulations.fit.calls import SECOND_NS, UNKNOWN, Before, Calls, Collected
from simulations.fit.hours import NOWHERE, Members

ENDED: Final = {
    "COMPLETECALLER": 1,
    "COMPLETEAGENT": 1,
    "BLINDTRANSFER": 3,
    "ATTENDEDTRANSFER": 3,
    "TRANSFER": 3,
}
"""Which parameter holds the time of the call, s."""
LEFT: Final = frozenset({"EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "WITHDRAW", "AGENTDUMP", "SYSCOMPAT"})
JOINED: Final = frozenset({"ADDMEMBER", "AGENTLOGIN", "AGENTCALLBACKLOGIN"})
QUIT: Final = frozenset({"REMOVEMEMBER", "AGENTLOGOFF", "AGENTCALLBACKLOGOFF"})
PAUSED: Final = frozenset({"PAUSE", "PAUSEALL"})
WENT_ON: Final = frozenset({"UNPAUSE", "UNPAUSEALL"})
LONGEST_S: Final = 7 * 86_400
GONE_MAX: Final = 10_000
"""Calls that left a queue and may come to another: as many as left last. A call does so within seconds, or never."""


class _Entry(msgspec.Struct):
    at_s: int
    caller: str
    queue: str
    answered_s: int = UNKNOWN
    agent: str = ""
    before: Before | None = None


def is_queue_log(first: str) -> bool:
    """Tell whether a line looks like one of a queue_log."""
    parts = first.split("|")
    return len(parts) >= 5 and parts[0].isdecimal() and parts[4].isupper()


def read_queue_log(path: Path, time_zone: str, bad_lines: int = 0) -> Calls:
    """Return the calls of a queue_log. Raises ConfigError with file and line, and OSError."""
    reader = _Reader(path, bad_lines)
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                reader.take(number, line.rstrip("\r\n").split("|"))
    return reader.calls(str(path), time_zone)


class _Reader:
    def __init__(self, path: Path, bad_lines: int) -> None:
        self.found, self.bad = Collected(), BadLines(str(path), bad_lines)
        self._in: dict[tuple[str, str], _Entry] = {}
        self._before: dict[str, Before] = {}
        self._good = 0
        self._members = Members()
        self._began_s: int | None = None
        self._now_s = 0

    def take(self, number: int, parts: list[str]) -> None:
        """Take in a line."""
        if len(parts) < 5 or not parts[0].isdecimal():
            self.bad.note(number, "this is no line of a queue_log: 'seconds|call|queue|agent|EVENT|...' is")
            return
        at_s, call, queue, agent, event = int(parts[0]), *parts[1:5]
        self._began_s = at_s if self._began_s is None else self._began_s
        self._now_s = max(self._now_s, at_s)
        try:
            self._happen(at_s, (call, queue), agent, event, parts[5:])
        except ValueError as error:
            self.bad.note(number, str(error))

    def _happen(self, at_s: int, key: tuple[str, str], agent: str, event: str, rest: list[str]) -> None:
        at_ns, queue = at_s * SECOND_NS, NOWHERE if key[1] == "NONE" else key[1]
        if event in JOINED:
            self._members.join(agent, queue, at_ns)
        elif event in QUIT:
            self._members.quit(agent, queue, at_ns, (self._began_s or 0) * SECOND_NS)
        elif event in PAUSED:
            self._members.pause(agent, queue, at_ns)
        elif event in WENT_ON:
            self._members.go_on(agent, queue, at_ns)
        elif event == "QUEUESTART":
            self._close_all("still in the queue when Asterisk started anew")
            self._before.clear()
        elif event == "ENTERQUEUE":
            if key in self._in:
                self._close(key, "entered again before its exit was seen")
            self._in[key] = _Entry(at_s, rest[1] if len(rest) > 1 else "", key[1], before=self._before.get(key[0]))
        elif event in ("CONNECT", "ABANDON", *ENDED, *LEFT):
            entry = self._in.get(key)
            if entry is None:
                self.found.remarks[f"{event} of a call whose entry is not in the file"] += 1
            else:
                self._exit(at_s, key, entry, agent, event, rest)

    def _exit(self, at_s: int, key: tuple[str, str], entry: _Entry, agent: str, event: str, rest: list[str]) -> None:
        if event == "CONNECT":
            wait_s = _seconds(rest, 0, "the wait")
            entry.answered_s, entry.agent = wait_s, agent
            self._members.answer(agent, key[1], at_s * SECOND_NS)
        elif event in ENDED:
            handle_s = _seconds(rest, ENDED[event], "the time of the call")
            self._add(key, entry, handle_ns=handle_s * SECOND_NS)
        elif entry.answered_s >= 0:
            self._add(key, entry)
        else:
            wait_s = _seconds(rest, 2, "the wait") if len(rest) > 2 else at_s - entry.at_s
            if event == "EXITWITHKEY" and len(rest) > 3:
                wait_s = _seconds(rest, 3, "the wait")
            self._add(key, entry, wait_s=wait_s, abandoned=event == "ABANDON")

    def _add(self, key: tuple[str, str], entry: _Entry, wait_s: int = 0, **said: Any) -> None:
        del self._in[key]
        answered = entry.answered_s >= 0
        wait_ns = (entry.answered_s if answered else wait_s) * SECOND_NS
        if not said.get("abandoned"):
            self._leave(key[0], Before(entry.queue, wait_ns, answered))
        self._good += 1
        self.found.add(
            arrival_ns=entry.at_s * SECOND_NS,
            wait_ns=wait_ns,
            kind=entry.queue,
            agent=entry.agent,
            customer=entry.caller,
            answered=answered,
            came_from=entry.before,
            **said,
        )

    def _leave(self, call: str, before: Before) -> None:
        self._before.pop(call, None)
        self._before[call] = before
        if len(self._before) > GONE_MAX:
            del self._before[next(iter(self._before))]

    def _close(self, key: tuple[str, str], why: str) -> None:
        entry = self._in.pop(key)
        self.found.remarks[why] += 1
        if entry.answered_s >= 0:
            self._in[key] = entry
            self._add(key, entry)

    def _close_all(self, why: str) -> None:
        for key in list(self._in):
            self._close(key, why)

    def calls(self, source: str, time_zone: str) -> Calls:
        """Return what was found."""
        self._close_all("still there when the file ends")
        self.bad.settle(self._good)
        if self.bad.count:
            self.found.remarks["bad lines passed over"] += self.bad.count
        signed_in, paused = self._members.tables(self.found.agents, self._now_s * SECOND_NS)
        found = self.found.calls(source, time_zone)
        return msgspec.structs.replace(found, signed_in=signed_in, paused=paused, may_serve=self._members.queues)


def _seconds(rest: list[str], place: int, what: str) -> int:
    text = rest[place].strip() if len(rest) > place else ""
    if not text.isdecimal() or int(text) > LONGEST_S:
        text = f"{what}, parameter {place + 1}, is '{text}' and not a number of seconds"
        raise ValueError(f"{text}; is the line cut off?")
    return int(text)
