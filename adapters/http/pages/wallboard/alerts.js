// What lies beyond a threshold: the rule in words, since when, and who has seen it.

import { el, put, mark, keyed, show } from "./dom.js";
import { store, ageS, shown } from "./store.js";
import { t, duration, clock } from "./words.js";
import { person, privacy } from "./switches.js";
import { alerts, inWords, figure, ICON } from "./judge.js";

const LOWER = new Set(["service_level", "available"]);

export function build(act) {
  const place = el("ul", { class: "alerts" }), empty = el("p", { class: "empty" });
  const heading = el("h2", { id: "alerts-title" });
  const node = el("section", { class: "block", "data-block": "alerts", "aria-labelledby": "alerts-title" }, heading,
    el("div", { class: "frame scroll", tabindex: 0, role: "group", "aria-labelledby": "alerts-title" }, place, empty));
  function redraw() {
    const found = alerts().sort((one, other) => Boolean(one.acknowledged_ns) - Boolean(other.acknowledged_ns) ||
      (one.level < other.level ? -1 : one.level > other.level ? 1 : 0) || one.since_ns - other.since_ns);
    put(heading, t("block_alerts", { count: found.filter((one) => !one.acknowledged_ns).length }));
    keyed(place, found, (one) => one.alert, (one) => make(one, act), update);
    show(empty, !found.length);
    put(empty, t("no_alerts"));
  }
  return { node, draw: redraw, tick: () => { for (const view of place.views?.values() ?? []) tick(view); } };
}

/** "Sales: oldest wait from 0:20 on". */
export function rule(alert) {
  const queue = store.queues.get(alert.queue);
  if (alert.metric === "unattended") return t("rule_unattended", { queue: queue ? shown(queue) : alert.queue });
  return t(LOWER.has(alert.metric) ? "rule_below" : "rule_above", {
    queue: queue ? shown(queue) : alert.queue, metric: t(`metric_${alert.metric}`), threshold: inWords(alert.metric, alert.threshold) });
}

function make(alert, act) {
  const icon = el("span", { class: "icon", "aria-hidden": "true" }), word = el("span", { class: "unseen" });
  const text = el("span", { class: "rule" }), since = el("span", { class: "quiet" }), seen = el("span", { class: "seen" });
  const press = el("button", { type: "button", class: "small", on: { click: () => act.acknowledge(alert.alert) } }, t("acknowledge"));
  const node = el("li", {}, el("span", { class: "mark" }, icon, word), el("span", { class: "told" }, text, since, seen), act.may() ? press : "");
  return { node, icon, word, text, since, seen, press };
}

function update(view, alert) {
  view.alert = alert;
  mark(view.node, "data-level", alert.level);
  mark(view.node, "data-seen", alert.acknowledged_ns ? "yes" : "");
  put(view.icon, ICON[alert.level]);
  put(view.word, t(`level_${alert.level}`));
  put(view.text, rule(alert));
  put(view.seen, alert.acknowledged_ns ? t("seen_by", { by: person(alert.acknowledged_by), at: clock(alert.acknowledged_ns / 1e6, store.board.time_zone), note: alert.note && !privacy() ? ` – ${alert.note}` : "" }) : "");
  show(view.press, !alert.acknowledged_ns && store.pastMs === null);
  mark(view.press, "aria-label", t("acknowledge_rule", { rule: rule(alert) }));
  tick(view);
}

function tick(view) {
  const { alert } = view, queue = store.queues.get(alert.queue), value = queue ? figure(queue, alert.metric) : null;
  const now = value === null ? "" : t("now_at", { value: inWords(alert.metric, value) });
  put(view.since, [now, alert.since_ns ? t("since", { age: duration(ageS(alert.since_ns)) }) : ""].filter(Boolean).join(" · "));
}
