// The grid of queues, worst first; a click on one shows its waiting list.

import { el, draw, put, mark, keyed, calmly, show } from "./dom.js";
import { queues, ageS, shown } from "./store.js";
import { t, number, percent, duration } from "./words.js";
import { ICON, RANK, judge, reasons, waitingLevel } from "./judge.js";
import { ofToday } from "./since.js";
import { tell } from "./states.js";

const COLUMNS = ["queue", "level", "waiting", "oldest", "service", "answered", "abandoned", "asa", "aht", "expected", "agents"];
const TODAY = ["service", "answered", "abandoned"];
const STATES = ["idle", "offered", "busy", "wrapping", "not_responding", "unreachable", "paused"];
const NUMBERS = new Set(["waiting", "oldest", "answered", "abandoned", "asa", "aht", "expected"]);

/** `act.choose(queue)` shows a waiting list; `act.supervise(queue)` opens its commands, where one may. */
export function build(act) {
  const body = el("tbody", { role: "rowgroup", id: "queue-rows" });
  const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...COLUMNS.map((name) => el("th", {
    role: "columnheader", scope: "col", class: NUMBERS.has(name) ? `number c-${name}` : `c-${name}`, title: t(`hint_${name}`) }, t(`column_${name}`)))));
  const caption = el("caption", { class: "unseen" }), table = el("table", { class: "queues", role: "table" }, caption, head, body);
  const node = el("section", { class: "block", "data-block": "queues", "aria-labelledby": "queues-title" },
    el("h2", { id: "queues-title" }, t("block_queues")),
    el("div", { class: "frame scroll", tabindex: 0, role: "group", "aria-labelledby": "queues-title" }, table));
  return { node, draw: (judged) => {
    put(caption, ofToday("caption_queues", "caption_queues_since"));
    for (const name of TODAY) mark(head.querySelector(`.c-${name}`), "title", ofToday(`hint_${name}`, `hint_${name}_since`));
    drawQueues(body, judged, act);
  }, tick: () => {
    if (body.unsettled) drawQueues(body, judge(), act);
    tick(body);
  } };
}

function make(item, act) {
  const cells = {};
  const name = el("button", { type: "button", class: "plain", on: { click: () => act.choose(item.queue.queue) } });
  const more = act.may() ? el("button", { type: "button", class: "more", on: { click: () => act.supervise(item.queue.queue) } }, "⋯") : null;
  const channel = el("span", { class: "quiet plan" });
  const node = el("tr", { role: "row", "data-queue": item.queue.queue }, el("th", { role: "rowheader", scope: "row" }, el("span", { class: "named" }, name, more), channel));
  for (const column of COLUMNS.slice(1)) {
    cells[column] = el("td", { role: "cell", class: NUMBERS.has(column) ? `number c-${column}` : `c-${column}`, "data-label": t(`column_${column}`) });
    node.append(cells[column]);
  }
  const icon = el("span", { "aria-hidden": "true" }), word = el("span"), badge = el("span", { class: "badge" }, icon, word);
  cells.level.append(badge);
  const share = el("span"), fill = draw("rect", { class: "fill", height: 10, rx: 2 }), tick_ = draw("rect", { class: "tick", width: 1.4, height: 10 });
  const bar = draw("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, draw("rect", { class: "track", width: 100, height: 10, rx: 2 }), fill, tick_);
  const gauge = el("div", { class: "gauge" }, share, bar);
  cells.service.append(gauge);
  const parts = STATES.map((state) => draw("rect", { class: state, height: 10 }));
  const stack = draw("svg", { class: "stack", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
  const people = el("span", { class: "people" }), nobody = el("span", { class: "people" }, t("people_none"));
  cells.agents.append(stack, people, nobody);
  return { node, name, more, channel, cells, badge, icon, word, gauge, share, fill, tick: tick_, stack, parts, people, nobody };
}

function update(view, { queue, level, judged }) {
  const own = judged.levels.get(queue.queue), look = `${level} ${own ? [...own].join() : ""}`;
  if (view.queue === queue && view.look === look) return;
  const name = shown(queue), { cells } = view;
  Object.assign(view, { queue, look });
  put(view.name, name);
  mark(view.name, "title", `${name}: ${t("choose")}`);
  if (view.more) mark(view.more, "aria-label", t("commands_of", { name }));
  put(view.channel, queue.open ? "" : t("closed"));
  mark(view.node, "data-level", level);
  mark(view.badge, "data-level", level);
  mark(view.badge, "title", reasons(queue, judged.levels));
  put(view.icon, ICON[level]);
  put(view.word, t(`level_${level}`));
  put(cells.waiting, number(queue.waiting));
  for (const [column, metric] of [["oldest", "oldest_wait_s"], ["service", "service_level"], ["abandoned", "abandon_rate"], ["asa", "average_speed_of_answer_s"], ["expected", "expected_p50_s"], ["agents", "available"]]) {
    mark(cells[column], "data-level", own?.get(metric) ?? "");
  }
  const waits = queue.waiting ? waitingLevel(queue, judged.levels) : "ok";
  mark(cells.waiting, "data-level", waits === "ok" ? "" : waits);
  put(view.share, percent(queue.service_level));
  mark(view.fill, "width", ((queue.service_level ?? 0) * 100).toFixed(1));
  mark(view.tick, "x", (queue.target * 100 - 0.7).toFixed(1));
  mark(view.gauge, "title", t("gauge", { target: percent(queue.target), threshold: duration(queue.threshold_s), formula: queue.service_level_id }));
  put(cells.answered, t("of_all", { count: queue.answered, all: queue.entries }));
  put(cells.abandoned, queue.abandon_rate === null ? number(queue.abandoned) : `${number(queue.abandoned)} (${percent(queue.abandon_rate)})`);
  mark(cells.abandoned, "title", t("hint_short", { count: queue.short_abandoned }));
  put(cells.asa, duration(queue.average_speed_of_answer_s));
  put(cells.aht, duration(queue.average_handle_s));
  put(cells.expected, queue.expected_p50_s === null ? "–" : `${duration(queue.expected_p50_s)} / ${duration(queue.expected_p90_s)}`);
  people(view, queue.agents);
  tickOne(view);
}

function people(view, agents) {
  const groups = STATES.map((state) => [state, agents[state]]);
  const total = groups.reduce((n, [, count]) => n + count, 0);
  let x = 0;
  groups.forEach(([, count], place) => {
    const width = total ? (count / total) * 100 : 0;
    mark(view.parts[place], "x", x.toFixed(1));
    mark(view.parts[place], "width", width.toFixed(1));
    x += width;
  });
  tell(view.people, groups);
  show(view.nobody, !total);
}

function tickOne(view) {
  put(view.cells.oldest, view.queue.oldest_since_ns ? duration(ageS(view.queue.oldest_since_ns)) : "–");
}

function tick(body) {
  for (const view of body.views?.values() ?? []) if (view.queue.oldest_since_ns) tickOne(view);
}

function drawQueues(body, judged, act) {
  const items = queues().map((queue) => ({ queue, level: judged.worst.get(queue.queue), judged }));
  const key = (item) => item.queue.queue, urgent = items.map((item) => `${key(item)} ${item.level}`).join();
  calmly(body, items, key, (one, other) => RANK[one.level] - RANK[other.level] || other.queue.overdue - one.queue.overdue ||
    other.queue.waiting - one.queue.waiting || (key(one) < key(other) ? -1 : 1), urgent);
  keyed(body, items, key, (item) => make(item, act), update);
}
