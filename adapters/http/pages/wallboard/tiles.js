// The figures of all queues of the board together, each with its target, its state and its last hour.

import { el, draw, put, mark, keyed } from "./dom.js";
import { store, customers, sum, ageS, shown } from "./store.js";
import { t, number, percent, duration } from "./words.js";
import { ICON, RANK, inWords, oldest, waitingLevel } from "./judge.js";
import { ofToday } from "./since.js";
import { tell } from "./states.js";

const WIDE = 100, HIGH = 24, FEW = 5;
const TODAY = new Set(["level", "answered", "abandoned"]);
const ARROW = { higher: "↑", lower: "↓", same: "→" };

export function build() {
  const place = el("dl", { class: "tiles", id: "tiles" });
  const node = el("section", { class: "block", "data-block": "tiles", "aria-labelledby": "tiles-title" },
    el("h2", { id: "tiles-title", class: "unseen" }, t("block_tiles")), place);
  return { node, draw: (judged) => drawTiles(place, judged), tick: () => tickOldest(place) };
}

function make(item) {
  const name = el("dt"), value = el("dd", { class: "value" }), people = el("span", { class: "people" }), text = el("span"), note = el("dd", { class: "note" }, people, text);
  const icon = el("span", { "aria-hidden": "true" }), word = el("span");
  const level = el("dd", { class: "level" }, icon, word);
  const title = draw("title"), line = draw("path", { class: "line" }), area = draw("path", { class: "area" });
  const chart = el("dd", { class: "spark" });
  const picture = draw("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img" }, title, area, line);
  chart.append(picture);
  const week = el("dd", { class: "week" });
  const node = el("div", { "data-tile": item.name }, name, value, level, note, week, chart);
  return { node, name, value, people, text, week, icon, word, level, chart, title, line, area, picture };
}

function update(view, item) {
  put(view.name, TODAY.has(item.name) ? ofToday(`tile_${item.name}`, `tile_${item.name}_since`) : t(`tile_${item.name}`));
  putValue(view, item.value);
  if (item.people) tell(view.people, item.people, true);
  put(view.text, item.note ?? "");
  Object.assign(view, { of: item.of, longest: item.longest });
  put(view.week, item.beside ?? compared(item));
  const level = item.level ?? "none";
  mark(view.node, "data-level", level);
  put(view.icon, ICON[level] ?? "");
  put(view.word, level === "none" ? "" : t(`level_${level}`));
  view.chart.hidden = !item.series || item.series.filter((value) => value !== null).length < FEW;
  if (item.series && view.series !== item.series) {
    view.series = item.series;
    sparkline(view, item);
  }
}

/** A wait of hours is longer than its tile is wide in large figures. */
function putValue(view, value) {
  put(view.value, value);
  mark(view.node, "data-long", value.length > 6 ? "yes" : "");
}

/** "↑ last week 72 %": whether a figure is higher than a week ago at this time, and what it was. */
function compared({ exact, week, show, same }) {
  if (week === null || week === undefined || exact === null || exact === undefined) return "";
  const way = Math.abs(exact - week) <= (same ?? 0) ? "same" : exact > week ? "higher" : "lower";
  return `${ARROW[way]} ${t(`week_${way}`, { value: show(week) })}`;
}

function sparkline(view, { series, name, show }) {
  const known = series.filter((value) => value !== null);
  const low = Math.min(...known, 0), high = Math.max(...known, low + 1e-9);
  const step = WIDE / (series.length - 1), at = (value) => HIGH - 1.5 - ((value - low) / (high - low)) * (HIGH - 3);
  let path = "", area = "", open = false, last = 0;
  series.forEach((value, place) => {
    if (value === null) {
      if (open) area += `L${last} ${HIGH}Z`;
      open = false;
      return;
    }
    const x = (place * step).toFixed(1), point = `${x} ${at(value).toFixed(1)}`;
    path += `${open ? "L" : "M"}${point}`;
    area += open ? `L${point}` : `M${x} ${HIGH}L${point}`;
    [open, last] = [true, x];
  });
  if (open) area += `L${last} ${HIGH}Z`;
  view.line.setAttribute("d", known.length > 1 ? path : "");
  view.area.setAttribute("d", known.length > 1 ? area : "");
  const told = known.length ? t("spark", { what: t(`tile_${name}`), low: show(Math.min(...known)), high: show(Math.max(...known)), now: show(known.at(-1)) }) : t("spark_none");
  view.title.textContent = told;
}

const worse = (one, other) => ((RANK[one] ?? 9) <= (RANK[other] ?? 9) ? one : other);

function drawTiles(place, judged) {
  const all = customers(), agents = [...store.agents.values()], hour = store.pastMs === null ? store.hour : null, week = (store.pastMs === null && store.week?.at_ns && store.week) || {};
  const level = (metric, quiet = false) => (quiet ? "none" : judged.of.get(metric) ?? "ok"), share = (metric) => judged.of.get(metric) ?? "none";
  /** Of how many queues a figure is beyond its threshold: where all together are told, single ones may be worse. */
  const off = (...metrics) => { const count = Math.max(...metrics.map((metric) => judged.beyond.get(metric) ?? 0)); return count && all.length > 1 ? t("note_off_target", { count }) : ""; };
  const joined = (...notes) => notes.filter(Boolean).join(" · ");
  const waiting = sum(all, "waiting"), overdue = sum(all, "overdue"), unattended = all.filter((queue) => queue.unattended).length;
  const judgedOf = sum(all, "service_level_of");
  const served = judgedOf ? all.reduce((n, queue) => n + (queue.service_level ?? 0) * queue.service_level_of, 0) / judgedOf : null;
  const goal = judgedOf ? all.reduce((n, queue) => n + queue.target * queue.service_level_of, 0) / judgedOf : null;
  const answered = sum(all, "answered"), lost = sum(all, "abandoned"), few = sum(all, "short_abandoned"), of = sum(all, "abandon_rate_of");
  const spoken = all.filter((queue) => queue.average_speed_of_answer_s !== null && queue.answered);
  const asa = spoken.length ? spoken.reduce((n, queue) => n + queue.average_speed_of_answer_s * queue.answered, 0) / sum(spoken, "answered") : null;
  const expected = all.filter((queue) => queue.expected_p50_s !== null && queue.open).sort((one, other) => other.expected_p50_s - one.expected_p50_s)[0];
  const count = (...states) => agents.filter((agent) => states.includes(agent.state)).length;
  const idle = count("idle"), busy = count("busy"), ringing = count("offered"), wrapping = count("wrapping"), paused = count("paused");
  const people = [...["not_responding", "unreachable"].map((state) => [state, count(state)]), ["busy", busy], ["offered", ringing], ["wrapping", wrapping], ["paused", paused]];
  const back = sum(all, "callbacks");
  const first = oldest(judged.levels), longest = longestOf(all);
  const recent = hour?.service_level_recent ?? null;
  const working = idle + busy + ringing + wrapping;
  const items = [
    { name: "waiting", value: number(waiting), level: all.filter((queue) => queue.waiting).map((queue) => waitingLevel(queue, judged.levels)).reduce(worse, "none"),
      exact: waiting, week: week.waiting,
      note: waiting ? joined(overdue || !unattended ? t("note_overdue", { count: overdue }) : "", unattended ? t("note_unattended", { count: unattended }) : "") : t("note_nobody_waits"), series: hour?.waiting, show: number },
    { name: "oldest", value: "–", level: first?.level ?? "none", of: first?.queue ?? null, longest, note: first ? shown(first.queue) : t("note_nobody_waits"), beside: besideOldest(first?.queue ?? null, longest) },
    { name: "level", value: percent(served), level: share("service_level"),
      note: goal === null ? t("note_no_level") : joined(t("note_target", { target: percent(goal) }), recent === null ? "" : t("note_recent", { level: percent(recent) }), off("service_level")), series: hour?.service_level, show: percent, exact: served, week: week.service_level, same: 0.005 },
    { name: "answered", value: number(answered), note: t("note_offered", { count: sum(all, "entries") }), level: "none", series: hour?.answered, show: number, exact: answered, week: week.answered },
    { name: "abandoned", value: number(lost), level: share("abandon_rate"),
      note: of ? joined(t(few ? "note_abandoned_few" : "note_abandoned", { share: percent((lost - few) / of), few }), off("abandon_rate")) : "", series: hour?.abandoned, show: number, exact: lost, week: week.abandoned },
    { name: "asa", value: duration(asa), level: level("average_speed_of_answer_s", asa === null || !judged.of.has("average_speed_of_answer_s")), note: joined(t("note_asa"), off("average_speed_of_answer_s")), exact: asa, week: week.average_speed_of_answer_s, show: duration, same: 0.5 },
    { name: "agents", value: number(idle), level: worse(level("available", !judged.of.has("available")), level("occupancy", !judged.of.has("occupancy"))),
      people, note: joined(working ? t("note_occupied", { share: percent((working - idle) / working) }) : "", off("available", "occupancy")), series: hour?.available, show: number },
    { name: "expected", value: expected ? duration(expected.expected_p50_s) : "–", level: level("expected_p50_s", !judged.of.has("expected_p50_s")),
      note: expected ? t("note_expected", { queue: expected.display_name || expected.queue, p90: duration(expected.expected_p90_s) }) : "" },
    { name: "callbacks", value: number(back), level: "none", note: back ? "" : t("note_no_callbacks") },
  ];
  keyed(place, items, (item) => item.name, make, update);
  tickOldest(place);
}

const longestOf = (all) => all.reduce((first, queue) => (queue.oldest_since_ns && !(first?.oldest_since_ns <= queue.oldest_since_ns) ? queue : first), null);
const waited = (queue) => inWords("oldest_wait_s", ageS(queue.oldest_since_ns));

/** Whether somebody waits longer in a queue that stands better, by as much as one can read. */
const isLonger = (queue, longest) => queue && queue.oldest_since_ns - longest.oldest_since_ns >= 1e9 && waited(queue) !== waited(longest);

/** For how long, then. */
const besideOldest = (queue, longest) => (isLonger(queue, longest) ? t("note_longest", { age: waited(longest) }) : "");

function tickOldest(place) {
  const view = place.views?.get("oldest");
  if (view) {
    putValue(view, view.of ? waited(view.of) : "–");
    put(view.week, besideOldest(view.of, view.longest));
    mark(view.week, "title", isLonger(view.of, view.longest) ? shown(view.longest) : "");
  }
  const back = customers().reduce((least, queue) => (queue.callback_since_ns && queue.callback_since_ns < least ? queue.callback_since_ns : least), Infinity);
  const callbacks = place.views?.get("callbacks");
  if (callbacks && back !== Infinity) put(callbacks.text, t("note_callbacks", { age: duration(ageS(back)) }));
}
