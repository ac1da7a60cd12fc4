"""`trunkline demo`: what can be said to it, with help; the demo itself lies in `run`."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.outcome import errors_as_exits
from engine.model.durations import parse_duration


def _checked_duration(text: str | None) -> str | None:
    try:
        parse_duration(text or "1s")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def demo(
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", callback=_checked_duration, help="Stop after this long, as 30s."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Keep the log here; not said: nowhere.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port of the pages; 0: any free one.")] = 8080,
    sip_port: Annotated[
        int, typer.Option("--sip-port", min=0, max=65_535, help="Port of SIP; 0: any free one.")
    ] = 5060,
    chat_port: Annotated[
        int, typer.Option("--chat-port", min=0, max=65_535, help="Port of the web chat; 0: any free one.")
    ] = 8081,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Run a small contact centre on this machine: calls, chats, agents. Example: trunkline demo --for 30s"""
    with errors_as_exits(data):
        from simulations.demo.options import DemoOptions
        from simulations.demo.run import run

        duration_ns = None if duration is None else parse_duration(duration)
        options = DemoOptions(
            duration_ns, data, http_port=port, sip_port=sip_port, chat_port=chat_port, as_json=as_json
        )
        raise typer.Exit(run(options))
