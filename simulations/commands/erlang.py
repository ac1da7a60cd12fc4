"""`trunkline erlang`: what can be said to it, with help; what is answered lies in `erlang_answer`."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from simulations.notation.amounts import parse_rate, parse_seconds, parse_share, parse_target


class Formula(StrEnum):
    """Which formula answers."""

    B = "b"
    """Nobody waits: who finds all servers busy is lost."""
    C = "c"
    """All wait, and nobody gives up."""
    A = "a"
    """All wait, and give up after their patience."""


class Definition(StrEnum):
    """Of which the share within the threshold is."""

    OFFERED = "offered"
    ANSWERED = "answered"
    VIRTUAL = "virtual"


def _checked(parse: Callable[[str], Any]) -> Callable[[str | None], str | None]:
    def check(text: str | None) -> str | None:
        try:
            if text is not None:
                parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return text

    return check


Rate = Annotated[
    str, typer.Option("--rate", metavar="RATE", callback=_checked(parse_rate), help="Arrivals: 100/min, 2400/h.")
]
Handle = Annotated[
    str,
    typer.Option(
        "--handle", metavar="DURATION", callback=_checked(parse_seconds), help="Mean talk plus wrap-up: 5m, 3m30s."
    ),
]


def duration_option(name: str, words: str) -> Any:
    """Return the declaration of an option that takes a duration."""
    return typer.Option(name, metavar="DURATION", callback=_checked(parse_seconds), help=words)


def share_option(name: str, words: str) -> Any:
    """Return the declaration of an option that takes a share."""
    return typer.Option(name, metavar="SHARE", callback=_checked(parse_share), help=words)


def erlang(
    formula: Annotated[Formula, typer.Argument(help="b: loss; c: all wait; a: all wait, and give up.")],
    rate: Rate,
    handle: Handle,
    patience: Annotated[str | None, duration_option("--patience", "Mean patience of a: 3m.")] = None,
    agents: Annotated[int | None, typer.Option("--agents", min=1, help="How many agents there are.")] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="TARGET",
            callback=_checked(parse_target),
            help="Asks for the fewest agents: 80/20 is 80% within 20 s. Of b: for the fewest trunks, 1% lost.",
        ),
    ] = None,
    within: Annotated[str | None, duration_option("--within", "Threshold of the service level; not said: 20s.")] = None,
    definition: Annotated[
        Definition, typer.Option("--definition", help="Of which the target's share is.")
    ] = Definition.OFFERED,
    max_abandon: Annotated[str | None, share_option("--max-abandon", "At most this share gives up: 5%.")] = None,
    max_asa: Annotated[str | None, duration_option("--max-asa", "Mean wait of the answered at most: 30s.")] = None,
    max_occupancy: Annotated[str | None, share_option("--max-occupancy", "Agents busy at most: 85%.")] = None,
    trunks: Annotated[
        int | None, typer.Option("--trunks", min=1, help="Lines held while waiting and served; not said: enough.")
    ] = None,
    max_block: Annotated[str | None, share_option("--max-block", "Asks for the fewest trunks: 1%.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a head and one row.")] = False,
) -> None:
    """Answer by Erlang's formulas, at --agents, or with the fewest agents that keep --target and the bounds.

    Example: trunkline erlang a --rate 100/min --handle 5m --patience 3m --agents 490

    Example: trunkline erlang a --rate 2400/h --handle 3m30s --patience 2m --target 80/20 --max-abandon 5% --json

    Example: trunkline erlang c --rate 10/min --handle 5m --target 90% --within 10s --trunks 80

    Example: trunkline erlang b --rate 3/min --handle 3m --target 1%
    """
    with errors_as_exits():
        from simulations.commands.erlang_answer import Question, answer

        share, target_within = (None, None) if target is None else parse_target(target)
        within_s = _number(parse_seconds, within)
        if None not in (within_s, target_within) and within_s != target_within:
            text = f"the target says another threshold, {target_within:g} s: leave out one of them"
            raise typer.BadParameter(text, param_hint="--within")
        question = Question(
            formula=formula.value,
            rate_per_h=parse_rate(rate),
            handle_s=parse_seconds(handle),
            patience_s=_number(parse_seconds, patience),
            agents=agents,
            share=share,
            within_s=within_s if target_within is None else target_within,
            definition=definition.value,
            max_abandon=_number(parse_share, max_abandon),
            max_asa_s=_number(parse_seconds, max_asa),
            max_occupancy=_number(parse_share, max_occupancy),
            trunks=trunks,
            max_block=_number(parse_share, max_block),
        )
        raise typer.Exit(answer(question, as_json=as_json, as_csv=as_csv))


def _number(parse: Callable[[str], float], text: str | None) -> float | None:
    return None if text is None else parse(text)
