"""`trunkline whatif`: a record through the model, under its own rules and under others."""

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from engine.errors import ConfigError
from engine.log.reader import read_runs
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    EXIT_ANSWERED,
    EXIT_CALLBACK,
    EXIT_NAMES,
    OFFER_ENDED,
    OFFER_MADE,
    OFFER_REJECTED,
    REQUIREMENT_DEFINED,
    SETTING_CHANGED,
)
from engine.messages.rows import empty_rows
from engine.replay.restore import log_folder
from simulations.commands.whatif import whatif as whatif_command
from simulations.experiment.recording import record as record_log
from simulations.fit.patience import kaplan_meier
from simulations.scenario.scenario import Scenario
from simulations.whatif.packed import Packed
from simulations.whatif.people import people_of
from simulations.whatif.policy import load_policy, settings_of
from simulations.whatif.record import Record, read_record
from simulations.whatif.rerun import RulesRunner
from simulations.whatif.rules import _first_after_settings, as_recorded, changed_by
from simulations.whatif.told import contact_told, told, verdict
from simulations.whatif.whatif import Answer, ask, draws_of, seen_in_model

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
SEED = 5
CENTRE = Scenario.of(
    {
        "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
        "queues": {
            "sales": {
                "arrivals": {"rate": "2/min"},
                "handle": {"talk": "exponential(3m)", "wrap_up": "exponential(20s)"},
                "patience": {"distribution": "exponential(2m)", "balk": "2%"},
                "ring": {"answer": "exponential(4s)", "no_answer": "3%"},
                "skills": {"sales": 1},
                "transfers": {"share": "10%", "to": "help"},
                "strategy": "longest-idle",
            },
            "help": {
                "arrivals": {"rate": "1/min"},
                "handle": {"talk": "lognormal(mean=4m, cv=0.9)"},
                "patience": "exponential(4m)",
                "skills": {"help": 1},
                "strategy": "longest-idle",
                "steps": [{"after": "30s", "do": "relax"}],
            },
        },
        "agents": [
            {"group": "seller", "count": 5, "skills": {"sales": 1}},
            {"group": "helper", "count": 3, "skills": {"help": 1}},
            {"group": "both", "count": 3, "skills": {"help": 1, "sales": 1}},
        ],
    }
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    record_log(CENTRE, SEED, 0, folder)
    return folder


@pytest.fixture(scope="module")
def recorded(data: Path) -> Record:
    return read_record(data)


def asked(recorded: Record, policy: str, replications: int = 3) -> Answer:
    return ask(recorded, load_policy(policy, recorded), replications)


def said(*arguments: str) -> Result:
    """What the command said to these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(whatif_command)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def test_the_recorded_rules_lead_to_the_record(recorded: Record) -> None:
    people = people_of(recorded)
    played = RulesRunner(as_recorded(recorded).rules, people).play(people.drawn(1, 0))
    first = recorded.stages[recorded.first_stages]
    assert len(first) > 300
    assert (first["offers"] > 0).any(), "some ring in vain at first"
    assert (first["then"] > 0).any(), "some are transferred"
    np.testing.assert_array_equal(played.waited_ns, first["wait_ns"])
    np.testing.assert_array_equal(played.served_by, first["agent"])
    np.testing.assert_array_equal(played.way_out, first["way_out"])


def test_interruptions_chats_at_once_and_callbacks_come_out_as_recorded(tmp_path: Path) -> None:
    centre = CENTRE.changed(
        "agents=[{group: everybody, count: 7, skills: {sales: 1, help: 1}}]",
        "channels={voice: {may_interrupt: [email]}, chat: {capacity: 3, slower: 0.3}}",
        "queues.mail={channel: email, arrivals: {rate: 0.5/min}, handle: {talk: exponential(5m)}}",
        "queues.web={channel: chat, arrivals: {rate: 1/min}, handle: {talk: exponential(6m)}, patience: 2m}",
        "queues.sales.callback=50%",
        "queues.sales.ring=exponential(4s)",
        "queues.sales.steps=[{after: 30s, do: callback}]",
    )
    record_log(centre, SEED, 0, tmp_path)
    record = read_record(tmp_path)
    people = people_of(record)
    played = RulesRunner(as_recorded(record).rules, people).play(people.drawn(1, 0))
    first = record.stages[record.first_stages]
    assert (first["way_out"] == EXIT_CALLBACK).sum() > 1
    mail = record.directory.queues.number("mail")
    assert (record.arrivals["queue"] == mail).sum() > 20
    np.testing.assert_array_equal(played.waited_ns, first["wait_ns"])
    np.testing.assert_array_equal(played.served_by, first["agent"])


def test_part_of_a_log_begins_with_what_held_then(recorded: Record, data: Path) -> None:
    hour_ns = 3600 * 10**9
    since_ns, until_ns = CENTRE.file.start_ns + hour_ns // 2, CENTRE.file.start_ns + hour_ns
    part = read_record(data, since_ns=since_ns, until_ns=until_ns)
    seqs = recorded.arrivals["seq"][(recorded.arrivals["at_ns"] >= since_ns) & (recorded.arrivals["at_ns"] < until_ns)]
    np.testing.assert_array_equal(part.arrivals["seq"], seqs)
    assert part.remarks["contacts under way when it begins"] > 0
    names = {"queues", "agents", "channels", "skill_levels", "requirements", "engine"}
    for name in names:
        np.testing.assert_array_equal(getattr(settings_of(part), name), getattr(settings_of(recorded), name))
    answer = asked(part, "{agents: {add: {like: seller-1, count: 5}}}")
    everyone = told(answer)["fidelity"]["queues"][-1]
    assert everyone["model"]["answered"] == pytest.approx(everyone["recorded"]["answered"], abs=0.15)
    assert np.nanmean(answer.now.waited_s) < np.nanmean(answer.before.waited_s)


def test_the_same_rules_change_nothing(recorded: Record) -> None:
    answer = asked(recorded, "{queues: {sales: {strategy: longest-idle}}}")
    assert answer.parting is None
    assert not np.nan_to_num(answer.wait_change_s).any()
    found = told(answer)
    assert all(row["difference"]["value"] == 0 for row in found["figures"] if row["before"]["value"] is not None)
    assert found["contacts_changed"] == {"longer": [], "shorter": []}
    everyone = found["fidelity"]["queues"][-1]
    assert everyone["recorded"] == everyone["model"]
    assert found["fidelity"]["same_agent"] == 1


def test_replications_that_cannot_differ_are_no_evidence() -> None:
    def row(low: float, high: float) -> dict[str, Any]:
        return {"better": "other", "difference": {"value": -0.5, "low": low, "high": high}}

    assert [verdict(row(-0.5, -0.5)), verdict(row(-0.6, -0.4))] == ["not drawn", "better"]


def test_more_agents_make_waits_shorter_and_fewer_longer(recorded: Record) -> None:
    more = asked(recorded, "{agents: {add: {like: seller-1, count: 2}}}")
    fewer = asked(recorded, "{agents: {remove: [seller-1, seller-2]}}")
    rows = [
        next(row for row in told(one)["figures"] if (row["queue"], row["figure"]) == ("sales", "wait_s"))
        for one in (more, fewer)
    ]
    assert [row["verdict"] for row in rows] == ["better", "worse"]
    assert rows[0]["difference"]["high"] < 0 < rows[1]["difference"]["low"]
    assert more.names.agents[-2:] == ("seller-1+1", "seller-1+2")
    added = len(recorded.directory.agents)
    assert (more.now.served_by >= added).any()
    assert not (more.before.served_by >= added).any()
    away = [recorded.directory.agents.number(name) for name in ("seller-1", "seller-2")]
    assert not np.isin(fewer.now.served_by, away).any()


def test_who_comes_for_some_hours_is_there_then(recorded: Record) -> None:
    answer = asked(recorded, "{agents: {add: [{like: seller-1, hours: 8:30-9:00}]}}")
    served = np.flatnonzero(answer.now.served_by == len(recorded.directory.agents))
    assert len(served)
    answered_ns = recorded.arrivals["at_ns"][served] + (answer.now.waited_s[served] * 1e9).astype(np.int64)
    half_hour_ns = 1800 * 10**9
    since_ns = CENTRE.file.start_ns + half_hour_ns
    assert since_ns <= answered_ns.min()
    assert answered_ns.max() < since_ns + half_hour_ns + 60 * 10**9


def _offers(data: Path) -> list[tuple[int, int, int]]:
    """Instant, agent and queue of every offer in a log."""
    rows = np.concatenate([np.asarray(run.rows) for run in read_runs(log_folder(data))])
    found: list[tuple[int, int, int]] = rows[rows["kind"] == OFFER_MADE][["at_ns", "agent", "queue"]].tolist()
    return found


def test_the_first_other_decision_is_that_of_a_log_recorded_under_the_other_rule(
    recorded: Record, data: Path, tmp_path: Path
) -> None:
    # The same callers come to a centre with the other rule from the beginning: the two logs show where they part.
    record_log(CENTRE.changed("queues.sales.strategy=fewest-contacts"), SEED, 0, tmp_path)
    at_ns, agent, queue, now = next(
        (*one, other) for one, other in zip(_offers(data), _offers(tmp_path), strict=False) if one != other
    )
    answer = asked(recorded, "{queues: {sales: {strategy: fewest-contacts}}}")
    parting = told(answer)["first_difference"]
    assert answer.parting is not None
    assert answer.parting.at_ns == at_ns
    assert (parting["queue"], parting["before"]["agent"]) == (
        recorded.directory.queues.name(queue),
        recorded.directory.agents.name(agent),
    )
    assert now[0] == at_ns
    assert parting["now"]["agent"] == recorded.directory.agents.name(now[1])
    assert "by fewest-contacts" in parting["now"]["why"]
    assert recorded.number_of(parting["contact"]) == answer.parting.contact


def test_people_are_as_seen_and_drawn_beyond_it(recorded: Record) -> None:
    people, seen = people_of(recorded), recorded.stages
    one, same, other = people.drawn(3, 0), people.drawn(3, 0), people.drawn(3, 1)
    left, talked = seen["leaves_by"] > 0, seen["talk_ended"]
    np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(one["patience_ns"][left], seen["wait_ns"][left])
    np.testing.assert_array_equal(one["talk_ns"][talked], seen["talk_ns"][talked])
    assert (one["patience_ns"][~left] >= seen["wait_ns"][~left]).all()
    assert (one["talk_ns"][~talked] > 0).all()
    assert (one["patience_ns"][~left] != other["patience_ns"][~left]).mean() > 0.9


def test_who_declined_the_first_offer_does_so_again(recorded: Record) -> None:
    people = people_of(recorded)
    contact = int(np.flatnonzero(recorded.stages["ring_ns"][recorded.first_stages] > 2 * 10**9)[0])
    drawn = people.drawn(1, 0)
    stage = recorded.first_stages[contact]
    drawn["first_offer"][stage], drawn["offers"][stage] = len(people.offers), 1
    declined = np.array([(10**9, OFFER_REJECTED)], people.offers.dtype)
    people = msgspec.structs.replace(people, offers=np.concatenate([people.offers, declined]))
    rows = np.concatenate(list(RulesRunner(as_recorded(recorded).rules, people).rows(drawn)))
    mine = rows[rows["dedupe"] == contact + 1]
    offered, ended = mine[mine["kind"] == OFFER_MADE], mine[mine["kind"] == OFFER_ENDED]
    assert ended["a"][0] == OFFER_REJECTED
    assert ended["at_ns"][0] - offered["at_ns"][0] == 10**9
    assert len(offered) > 1, "somebody else is asked then"


def test_beyond_all_that_was_seen_patience_goes_on_from_there() -> None:
    gave_up = np.repeat([True, False], 50)
    curve = kaplan_meier(np.linspace(1, 100, 100), gave_up)
    luck = np.linspace(0.01, 0.99, 99)
    beyond = curve.beyond(np.full(99, 500.0), luck)
    assert beyond.min() > 500
    assert np.median(beyond) - 500 == pytest.approx(np.log(2) / curve.tail_rate, rel=0.02)
    assert (curve.beyond(np.full(99, 20.0), luck) >= 20).all()


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{queues: {slaes: {strategy: erlang}}}", "did you mean 'sales'"),
        ("{queues: {sales: {hold_back: 10s}}}", "only the strategy 'erlang' holds agents back"),
        ("{queues: {sales: {opening_hours: day}}}", "cannot be changed in a record"),
        ("{agents: {add: {like: nobody}}}", "there is no agent 'nobody'"),
        ("{agents: {hire: 3}}", "unknown word 'hire'"),
        ("[1]", "cannot be read|mapping"),
        ("{a: [}", "no YAML"),
    ],
)
def test_a_bad_policy_says_why(recorded: Record, policy: str, reason: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_policy(policy, recorded)
    assert any(part in "; ".join(error.value.faults) for part in reason.split("|"))


def test_what_a_policy_says_takes_the_place_of_what_was_recorded(recorded: Record) -> None:
    policy = "{queues: {help: {max_wait: 2m, value: 3}}, agents: {train: {seller-1: {help: 2}}}}"
    script = changed_by(recorded, load_policy(policy, recorded), "UTC").rules.script
    before = as_recorded(recorded).rules.script
    assert len(script) > len(before)
    answer = asked(recorded, policy)
    trained = recorded.directory.agents.number("seller-1")
    helps = answer.queue_of(recorded.directory.queues.number("help"))
    assert (answer.now.served_by[helps] == trained).sum() > (answer.before.served_by[helps] == trained).sum()
    assert np.nanmax(answer.now.waited_s[helps]) <= 120, "and nobody waits longer than that"
    assert np.nanmax(answer.before.waited_s[helps]) > 120


def test_the_command_tells_a_model_its_figures_and_one_contacts_way(recorded: Record, data: Path) -> None:
    arguments = ("--log", str(data), "--policy", "{agents: {add: {like: both-1, count: 3}}}", "-n", "2")
    done = said(*arguments)
    assert done.exit_code == 0, done.output
    for words in (
        "This is a model",
        "How near the model is",
        "The first decision that differs",
        "waits less now",
        "Seed 1",
    ):
        assert words in done.stdout
    rows = list(csv.DictReader(said(*arguments, "--csv").stdout.splitlines()))
    found = json.loads(said(*arguments, "--json").stdout)
    assert [row["figure"] for row in rows] == [row["figure"] for row in found["figures"]]
    assert found["contacts"] == len(recorded.arrivals)
    contact = found["contacts_changed"]["shorter"][0]["contact"]
    out = data.parent / "way"
    way = json.loads(said(*arguments, "--contact", contact, "--json", "-o", str(out)).stdout)
    assert json.loads((out / "contact.json").read_text(encoding="utf-8")).items() >= way.items()
    assert not (out / "whatif.json").exists(), "which a report would draw"
    assert way["recorded"] == way["before"] != way["now"]
    assert contact in said(*arguments, "--contact", contact).stdout


def test_who_gave_up_and_waited_is_of_the_same_in_both_tables(tmp_path: Path) -> None:
    """Nobody comes to sales but from outside, and who is refused there did not wait."""
    record_log(CENTRE.changed("queues.sales.max_length=2"), SEED, 0, tmp_path)
    found = told(asked(read_record(tmp_path), "{}"))
    (near,) = (row["model"] for row in found["fidelity"]["queues"] if row["queue"] == "sales")
    rows = {(row["queue"], row["figure"]): row["before"]["value"] for row in found["figures"]}
    assert rows["sales", "blocked_rate"] > 0.1
    assert near["abandoned"] == pytest.approx(rows["sales", "abandon_rate"], abs=2e-6)
    assert near["wait_s"] == pytest.approx(rows["sales", "wait_s"], abs=2e-5)
    assert near["abandoned"] > 1.1 * (1 - near["answered"] - rows["sales", "blocked_rate"])


def test_a_change_of_waits_is_of_those_whose_wait_ended(recorded: Record) -> None:
    answer = asked(recorded, "{agents: {remove: [both-1]}}")
    waited = answer.now.waited_s.copy()
    helps = answer.queue_of(1)
    waited[helps[: len(helps) // 2]] = np.nan
    answer = msgspec.structs.replace(answer, now=msgspec.structs.replace(answer.now, waited_s=waited))
    (row,) = (row for row in told(answer)["queues"] if row["queue"] == "help")
    rest = helps[len(helps) // 2 :]
    assert (row["contacts"], row["wait_known"]) == (len(helps), len(rest))
    assert row["wait_change_s"] == pytest.approx(float(answer.wait_change_s[rest].mean()), abs=1e-5)


def test_who_is_refused_now_waits_no_less_and_single_draws_are_said_to_be_such(recorded: Record) -> None:
    answer = asked(recorded, "{queues: {help: {max_wait: 1s, max_length: 1}}}")
    found = told(answer)
    (row,) = (row for row in found["queues"] if row["queue"] == "help")
    assert row["lost_change"] > 20
    assert row["wait_known"] < row["contacts"] - row["lost_change"] / 2
    one = contact_told(answer, int(np.flatnonzero((answer.now.lost > 0.5) & (answer.before.answered > 0.5))[0]))
    assert one["now"]["first_draw"]["outcome"] in EXIT_NAMES.values()
    served = one["now"]["answered"] + one["now"]["gave_up"]
    assert (one["now"]["wait_s"] is None) == (served == 0.0)
    for text, side in (("before", one["before"]), ("now", one["now"])):
        assert set(side) == {"wait_s", "answered", "gave_up", "first_draw"}, text


def test_settings_of_a_policy_stand_behind_those_that_they_name() -> None:
    script: np.ndarray[Any, Any] = np.asarray(empty_rows(4))
    script["kind"] = SETTING_CHANGED, REQUIREMENT_DEFINED, AGENT_STATUS_CHANGED, SETTING_CHANGED
    assert _first_after_settings(script) == 2
    assert _first_after_settings(script[:2]) == 2, "a script of settings alone"


def test_records_are_packed_and_read_at_any_time() -> None:
    packed = Packed(np.dtype([("a", "i8"), ("b", "i8")]))
    assert packed.table().shape == (0,)
    for number in range(3):
        assert packed.add((number, -number)) == number
        assert packed.table()["a"].tolist() == list(range(number + 1))
    assert packed.table() is packed.table(), "nothing is put together anew"
    assert len(packed) == 3


def test_the_command_ends_as_all_do(data: Path, tmp_path: Path) -> None:
    assert said("--log", str(data), "--policy", "{}", "--contact", "nobody").exit_code == 1
    assert said("--log", str(data), "--policy", str(tmp_path / "none.yaml")).exit_code == 1
    assert said("--log", str(tmp_path), "--policy", "{}").exit_code == 5
    assert said("--log", str(data), "--policy", "{}", "--json", "--csv").exit_code == 2
    assert said("--log", str(data), "--policy", "{}", "--from", "nine").exit_code == 2
    assert said("--log", str(data), "--policy", "{}", "--from", "2027-01-01").exit_code == 1
    file = tmp_path / "policy.yaml"
    file.write_text("queues:\n  sales:\n    strategi: erlang\n")
    faulty = said("--log", str(data), "--policy", str(file))
    assert (faulty.exit_code, "policy.yaml:3:5" in faulty.stderr) == (1, True)


def test_counts_agree_with_the_record(recorded: Record) -> None:
    first = recorded.stages[recorded.first_stages]
    answered = (first["way_out"] == EXIT_ANSWERED).sum()
    assert answered == asked(recorded, "{}", 2).before.answered.sum()


def test_single_draws_tell_how_far_one_outcome_may_lie_from_the_mean(tmp_path: Path) -> None:
    """Days cut short at noon: the rest is drawn anew, and each draw is an outcome as the record is one."""
    record_log(CENTRE.changed("queues.sales.patience=exponential(1m)", "agents.0.count=3"), SEED, 0, tmp_path)
    recorded = read_record(tmp_path)
    answer = asked(recorded, "{agents: {remove: [both-1]}}", 6)
    sides = {"before": answer.before, "now": answer.now}
    for side in sides.values():
        for number in (0, 1):
            mean = seen_in_model(recorded, side, answer.queue_of(number))
            draws = draws_of(side, number, 0.95)
            assert draws.abandoned[0] <= mean.abandoned <= draws.abandoned[1]
            assert draws.wait_s[0] <= mean.wait_s + 1e-9
            assert mean.wait_s - 1e-9 <= draws.wait_s[1]
    answered, gave_up, waited_s = (part.sum(axis=1) for part in answer.now.drawn)
    waits = waited_s / (answered + gave_up)
    assert waits.std() > 0
    low, high = draws_of(answer.now, None, 0.95).wait_s
    assert (low + high) / 2 == pytest.approx(waits.mean())
    # Student's t of five degrees is 2.571; one draw of six more than their mean.
    assert (high - low) / 2 == pytest.approx(2.5706 * waits.std(ddof=1) * np.sqrt(7 / 6), rel=1e-4)
    all_of_them = told(answer)["fidelity"]["queues"][-1]
    assert all_of_them["draws"]["wait_s"] == [pytest.approx(all_of_them["recorded"]["wait_s"], abs=1e-5)] * 2, (
        "nothing is drawn of those whose record is whole"
    )
