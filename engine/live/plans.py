"""Continuity plans in real time: carried out as one turn, put back when somebody says so or their time is up."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from engine.config.in_force import called_back_in
from engine.config.plans import MAX_DURATION_NS, Plan
from engine.config.refusals import refused_settings
from engine.config.sections import Config
from engine.errors import ForecastFailed, Overloaded, PlanRefused
from engine.kernel.tables import Array
from engine.live.loop import LiveEngine
from engine.live.opening import OpeningHoursDriver
from engine.live.plan_rows import Change, change_rows
from engine.live.plan_words import changes_in_words
from engine.live.ticker import Ticker
from engine.messages.kinds import PLAN_ACTIVATED, PLAN_DEACTIVATED
from engine.messages.rows import empty_rows
from engine.model.durations import format_duration
from engine.model.fields import nearest
from engine.model.forecast import Forecast, ForecastQuestion, QueueForecast
from engine.model.plan_views import (
    Activation,
    CallbackStep,
    PlanDetail,
    PlanList,
    PlanOrder,
    PlanOutcome,
    PlanPreview,
    PlanStatus,
    ShownNames,
    words_of,
)
from engine.model.plans import DRILL, ActivePlan, PlanEffects, PlanEnd, PlanRecord
from engine.model.settings import SECOND_NS
from engine.ports import Forecaster

HORIZON_NS: Final = 3600 * SECOND_NS
LONGEST_SLEEP_S: Final = 30.0
"""Timers of the loop stand still while the machine sleeps: so late at most does a plan end."""
REASON_MAX: Final = 1024

logger = logging.getLogger(__name__)


class PlanDriver:
    """The plans of one engine, as `ports.Plans` says. `wall_ns` is the time of day, by which they end."""

    def __init__(
        self,
        engine: LiveEngine,
        hours: OpeningHoursDriver | None = None,
        forecaster: Forecaster | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._engine = engine
        self._hours = hours
        self._forecaster = forecaster
        self._wall_ns = wall_ns
        self._ticker = Ticker("what ends continuity plans", LONGEST_SLEEP_S, self._look, engine.counters)

    def start(self) -> None:
        """Begin: what ended while the engine was down is put back, and what the configuration added follows."""
        self.look()
        self.follow()

    def stop(self) -> None:
        """End nothing more."""
        self._ticker.stop()

    def follow(self) -> None:
        """Keep closed what plans in force say is closed, of the queues that a configuration has added."""
        plans = self._engine.state.plans
        change = self._change(plans.effects())
        for plan in reversed(list(plans)):
            if any(plan.record.effects.closes(queue) for queue in change.doors):
                self._record(PLAN_ACTIVATED, msgspec.structs.replace(plan.record, doors=change.doors), change)
                return

    def look(self) -> None:
        """End the plans whose time is up, and come back when the next one's is."""
        self._ticker.tick()

    def _look(self) -> float:
        now_ns, sleep_s = self._wall_ns(), LONGEST_SLEEP_S
        for plan in list(self._engine.state.plans):
            if plan.record.until_ns <= now_ns:
                self._end(plan, PlanEnd(plan.record.plan, expired=True))
            else:
                sleep_s = min(sleep_s, (plan.record.until_ns - now_ns) / SECOND_NS)
        return sleep_s

    # --- ports.Plans

    def overview(self) -> PlanList:
        """See `ports.Plans`."""
        configured = self._config.plans
        gone = [plan.record.plan for plan in self._engine.state.plans if plan.record.plan not in configured]
        return PlanList(self._engine.state.seq, [self._status(name) for name in (*configured, *gone)])

    def detail(self, name: str) -> PlanDetail:
        """See `ports.Plans`."""
        status = self._status(name)
        changes = changes_in_words(self._engine.state, self._would_be(name).rows)
        directory = self._engine.state.directory
        shown = ShownNames(directory.queues_shown(), directory.sites_shown(), directory.trunk_groups_shown())
        return PlanDetail(self._engine.state.seq, status, changes, self._callbacks(name), shown)

    async def preview(self, name: str) -> PlanPreview:
        """See `ports.Plans`."""
        forecast, code = None, "not_installed"
        missing = "no part of this installation simulates: the entry point trunkline.forecast is missing"
        if self._forecaster is not None:
            try:
                forecast, code, missing = await self._forecaster(await self._question(name)), "", ""
            except ForecastFailed as error:
                code, missing = error.code, str(error)
            except Overloaded as error:
                code, missing = "busy", str(error)
        if forecast is not None and self._engine.state.plans.find(name) is not None:
            forecast = _other_way(forecast)
        detail = self.detail(name)
        return PlanPreview(
            detail.as_of,
            detail.plan,
            detail.changes,
            detail.callbacks,
            detail.shown,
            forecast=forecast,
            forecast_missing=missing,
            forecast_missing_code=code,
        )

    async def activate(self, name: str, order: PlanOrder) -> PlanOutcome:
        """See `ports.Plans`."""
        status, active = self._status(name), self._engine.state.plans.find(name)
        until_ns = self._until_ns(status, order)
        drill = order.drill or status.drill
        if not order.reason.strip() or len(order.reason) > REASON_MAX:
            raise PlanRefused("reason", f"say why, in 1 to {REASON_MAX} characters: it stands in the log for ever")
        if active is not None and active.record.drill != drill:
            now = "a drill" if active.record.drill else "no drill"
            raise PlanRefused("drill", f"plan '{name}' is in force as {now}; end it first")
        if active is None:
            return await self._carry_out(self._new_record(name, order, until_ns, drill=drill))
        same_until = not order.until_ns or until_ns == active.record.until_ns
        if same_until and order.reason == active.record.reason:
            return await self._outcome(name, 0, [])
        prolonged = msgspec.structs.replace(
            active.record,
            by=order.by,
            reason=order.reason,
            until_ns=until_ns,
            doors={},
            statuses=active.record.statuses,
        )
        return await self._outcome(name, *self._record(PLAN_ACTIVATED, prolonged, self._nothing()))

    async def deactivate(self, name: str, by: str, reason: str) -> PlanOutcome:
        """See `ports.Plans`."""
        self._status(name)
        if len(reason) > REASON_MAX:
            raise PlanRefused("reason", f"the reason has more than {REASON_MAX} characters")
        active = self._engine.state.plans.find(name)
        if active is None:
            return await self._outcome(name, 0, [])
        changed = self._end(active, PlanEnd(name, by, reason))
        self.look()
        return await self._outcome(name, *changed)

    # --- what stands behind it

    @property
    def _config(self) -> Config:
        config = self._engine.config
        assert config is not None, "there is no configuration yet"
        return config

    def _status(self, name: str) -> PlanStatus:
        configured, active = self._config.plans.get(name), self._engine.state.plans.find(name)
        if configured is None and active is None:
            known = [*self._config.plans]
            raise KeyError(f"there is no plan '{name}'{nearest(name, known)}")
        plan = configured or Plan.model_construct()
        effects = active.record.effects if active is not None else plan.effects()
        review_ns = active.record.review_every_ns if active is not None else plan.limits.review_every_ns or 0
        return PlanStatus(
            plan=name,
            title=dict(active.record.title if active is not None else plan.title),
            message=dict(effects.message),
            tier=active.record.tier if active is not None else plan.tier,
            drill=plan.drill,
            configured=configured is not None,
            max_duration_s=plan.limits.max_duration_ns / SECOND_NS,
            review_every_s=review_ns / SECOND_NS if review_ns else None,
            effects=words_of(effects),
            active=_activation(active) if active is not None else None,
        )

    def _until_ns(self, status: PlanStatus, order: PlanOrder) -> int:
        now_ns, most_ns = self._wall_ns(), int(status.max_duration_s * SECOND_NS)
        if not order.until_ns:
            return now_ns + most_ns
        if order.until_ns <= now_ns:
            raise PlanRefused("until_ns", "that is over already")
        if order.until_ns > now_ns + most_ns:
            longest = format_duration(most_ns)
            raise PlanRefused(
                "until_ns", f"plan '{status.plan}' may be activated for {longest} at most, and prolonged then"
            )
        return order.until_ns

    def _new_record(self, name: str, order: PlanOrder, until_ns: int, *, drill: bool) -> PlanRecord:
        plan = self._config.plans[name]
        return PlanRecord(
            plan=name,
            effects=plan.effects(),
            by=order.by,
            reason=order.reason,
            until_ns=until_ns,
            tier=plan.tier,
            drill=drill,
            title=dict(plan.title),
            review_every_ns=plan.limits.review_every_ns or 0,
        )

    async def _carry_out(self, record: PlanRecord) -> PlanOutcome:
        change = self._with(record.plan, record.tier, record.effects)
        record = msgspec.structs.replace(record, doors=change.doors, statuses=change.statuses)
        changed = self._record(PLAN_ACTIVATED, record, change)
        self.look()
        return await self._outcome(record.plan, *changed)

    def _end(self, plan: ActivePlan, end: PlanEnd) -> tuple[int, list[str]]:
        """Put back; at the end of its time alone agents stay offline: nobody says that they are there."""
        change = self._without(plan, returning=not end.expired)
        return self._record(PLAN_DEACTIVATED, msgspec.structs.replace(end, doors=change.doors), change, plan)

    def _record(
        self, kind: int, said: PlanRecord | PlanEnd, change: Change, ended: ActivePlan | None = None
    ) -> tuple[int, list[str]]:
        """Record an order with all that follows; return how many facts that were, and what routing refused."""
        engine = self._engine
        row: Array = np.asarray(empty_rows(1))
        row["kind"] = kind
        if isinstance(said, PlanRecord):
            row["a"], row["b"] = said.until_ns, said.tier | (DRILL if said.drill else 0)
        elif ended is not None:
            row["a"], row["b"] = ended.seq, said.expired
        payload = msgspec.msgpack.encode(said)
        frames = engine.record(np.concatenate([row, change.rows]), payload)
        turn = frames[0].turn
        engine.state.plans.fold(kind, turn.first_seq, int(turn.rows["at_ns"][0]), payload)
        refused = refused_settings((frame.turn.rows for frame in frames), engine.state.directory)
        for text in refused:
            logger.error("plan '%s': %s", said.plan, text)
        expired = isinstance(said, PlanEnd) and said.expired
        who = "its time is up" if expired else f"by {said.by or 'somebody'}{': ' if said.reason else ''}{said.reason}"
        word = "in force" if kind == PLAN_ACTIVATED else "over"
        logger.warning("continuity plan '%s' is %s, %s", said.plan, word, who)
        return 1 + len(change.rows), refused

    async def _outcome(self, name: str, changed: int, refused: Sequence[str]) -> PlanOutcome:
        await self._engine.durable()
        status = self._status(name) if self._is_known(name) else _gone(name)
        return PlanOutcome(self._engine.state.seq, status, changed, [*refused])

    def _is_known(self, name: str) -> bool:
        return name in self._config.plans or self._engine.state.plans.find(name) is not None

    def _callbacks(self, name: str) -> CallbackStep | None:
        """What the plan's `callback_after` does, now that it is in force or once it is."""
        plans = self._engine.state.plans
        active, effects, after = plans.find(name), PlanEffects(), plans.effects()
        if active is not None:
            effects = active.record.effects
        elif (plan := self._config.plans.get(name)) is not None:
            effects = plan.effects()
            after = plans.with_effects(name, plan.tier, effects)
        if effects.callback_after_ns is None:
            return None
        holds, left_out = called_back_in(self._config, after, effects.callback_after_ns)
        self._config.let_go()
        return CallbackStep(effects.callback_after_ns / SECOND_NS, holds, left_out)

    def _would_be(self, name: str) -> Change:
        """What activating a plan would change now; or ending it, where it is in force."""
        active = self._engine.state.plans.find(name)
        if active is not None:
            return self._without(active, returning=True)
        plan = self._config.plans[name]
        return self._with(name, plan.tier, plan.effects())

    def _with(self, name: str, tier: int, effects: PlanEffects) -> Change:
        state = self._engine.state
        after = state.plans.with_effects(name, tier, effects)
        return self._change(after, offline=effects.offline)

    def _without(self, plan: ActivePlan, *, returning: bool) -> Change:
        after = self._engine.state.plans.without_effects(plan.record.plan)
        return self._change(after, back=plan if returning else None)

    def _change(self, after: Sequence[PlanEffects], **of_agents: Any) -> Change:
        config, hours = self._config, self._hours
        reopens = hours.is_open_by_hours if hours is not None else _as_before
        change = change_rows(self._engine.state, config, after, reopens, **of_agents)
        config.let_go()
        return change

    def _nothing(self) -> Change:
        return Change(np.asarray(empty_rows(0)), {}, {})

    async def _question(self, name: str) -> ForecastQuestion:
        """Copy the state between two turns, in a thread: turns wait for that, sockets and timers do not."""
        engine = self._engine
        state = engine.state
        while True:
            await engine.standstill.begin_next()
            try:
                seq, now_ns, rows = state.seq, state.now_ns, self._would_be(name).rows
            except BaseException:
                engine.standstill.end()
                raise
            copy = await engine.standstill.copy()
            if copy is not None:
                break
        configured = state.directory.queues
        return ForecastQuestion(
            as_of=seq,
            now_ns=max(now_ns, engine.clock.now_ns()),
            tables={table: part for table, part in copy.tables.items() if table != "intervals"},
            capacity=msgspec.structs.asdict(copy.capacity),
            rows=rows,
            queues=tuple(one if configured.exists(number) else "" for number, one in enumerate(configured.names)),
            horizon_ns=HORIZON_NS,
        )


def _as_before(_queue: str, _since_ns: int, was_open: bool) -> bool:
    """Whether a queue is to open again where none has hours."""
    return was_open


def _activation(plan: ActivePlan) -> Activation:
    record = plan.record
    return Activation(
        seq=plan.seq,
        since_ns=plan.since_ns,
        until_ns=record.until_ns,
        by=record.by,
        reason=record.reason,
        drill=record.drill,
        reviewed_ns=plan.reviewed_ns,
        review_due_ns=plan.review_due_ns or None,
        agents_offline=len(record.statuses),
    )


def _other_way(forecast: Forecast) -> Forecast:
    """Of a plan in force the present is with it, and what was played beside is without."""

    def turned(one: QueueForecast) -> QueueForecast:
        return QueueForecast(one.queue, without=one.with_plan, with_plan=one.without)

    return msgspec.structs.replace(
        forecast, whole=turned(forecast.whole), queues=[turned(one) for one in forecast.queues]
    )


def _gone(name: str) -> PlanStatus:
    """A plan that was put back and that the configuration has no more."""
    return PlanStatus(name, {}, {}, 0, False, False, MAX_DURATION_NS / SECOND_NS, None, {}, None)
