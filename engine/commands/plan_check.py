"""`trunkline plan check`: a plan's file by itself, with the names of a configuration, or all plans of one."""

from pathlib import Path

import typer
from pydantic import ValidationError

from engine.commands.outcome import Exit
from engine.commands.plan import in_words
from engine.config.document import read_document
from engine.config.faults import note_faults
from engine.config.load import load_config, names_of
from engine.config.plan_files import NAME
from engine.config.plans import Plan
from engine.errors import ConfigError
from engine.model.durations import format_duration
from engine.model.plan_views import words_of


def check(path: Path, config: Path | None) -> Exit:
    """Print every fault, or what each plan does. Raises ConfigError."""
    document = read_document(path)
    if isinstance(document.value, dict) and "queues" in document.value:
        plans = load_config(path).plans
        for name, plan in plans.items():
            _print(name, plan)
        if not plans:
            typer.echo(f"{path}: there are no plans")
        return Exit.OK
    if not isinstance(document.value, dict):
        if not document.faults:
            document.add((), "the file must be a mapping: one plan, as 'close: [survey]'")
        raise ConfigError(document.sentences())
    name = document.value.pop(NAME, path.stem)
    context = {} if config is None else names_of(read_document(config).value)
    try:
        plan = Plan.model_validate(document.value, context=context)
    except ValidationError as error:
        note_faults(document, error, Plan, context=context)
        raise ConfigError(document.sentences()) from None
    if document.faults:
        raise ConfigError(document.sentences())
    _print(str(name), plan)
    return Exit.OK


def _print(name: str, plan: Plan) -> None:
    limits = f"tier {plan.tier}, for {format_duration(plan.limits.max_duration_ns)} at most"
    typer.echo(f"{name}: good; {limits}{', only as a drill' if plan.drill else ''}")
    for word, said in words_of(plan.effects()).items():
        typer.echo(f"  {word}: {in_words(said)}")
