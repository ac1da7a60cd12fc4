// Quality of service, today and in seven days: each figure with its n and its interval of 95 %.

import { el, put, mark, keyed, show } from "./dom.js";
import { store } from "./store.js";
import { t, number, percent, exactly, tenths, clock } from "./words.js";
import { asking } from "./asking.js";

const AGAIN_MS = 30000;
const NEAR_MS = 120000; // in a replay: at 60 times the pace figures are a minute old before the next come
const HOUR_S = 3600, DAY_S = 86400;

export function build() {
  const rows = el("tbody", {}), note = el("p", { class: "quiet small-text padded" }), empty = el("p", { class: "empty" });
  const table = el("table", { class: "quality" }, el("caption", { class: "unseen" }, t("caption_quality")),
    el("thead", {}, el("tr", {}, ...["what", "today", "week"].map((name) => el("th", { scope: "col", class: name === "what" ? "" : "number" }, t(`quality_${name}`))))), rows);
  const node = el("section", { class: "block", "data-block": "quality", "aria-labelledby": "quality-title" },
    el("div", { class: "heading" }, el("h2", { id: "quality-title" }, t("block_quality"))),
    el("div", { class: "frame scroll", tabindex: 0, role: "group", "aria-labelledby": "quality-title" }, table, empty), note);
  let found = null, failed = false, read = "";
  const refresh = asking(AGAIN_MS, (at) => `/api/v1/boards/${encodeURIComponent(store.board.board)}/quality?${at}`, (answer) => {
    [found, failed, read] = [answer, answer === null, ""];
    paint();
  }, (words) => {
    read = words;
    paint();
  });

  function paint() {
    const told = found ? lines(found) : [], past = store.pastMs, reading = past !== null && !found && !failed;
    keyed(rows, told, (line) => line.name, make, update);
    show(table, told.length > 0);
    mark(table, "data-old", past !== null && found && Math.abs(found.at_ns / 1e6 - past) > NEAR_MS ? "yes" : "");
    show(empty, failed || reading || Boolean(found && !told.length));
    put(empty, reading && read ? read : t(failed ? "replay_failed" : reading ? "replay_reading" : "quality_nothing"));
    show(note, told.length > 0);
    put(note, found ? notes(found).join(" · ") : "");
  }
  return { node, draw: () => { refresh(); paint(); }, tick: () => refresh(), shown: () => { refresh(); paint(); } };
}

const signed = (value) => (value > 0 ? `+${number(value)}` : number(value));
const ONE = { csat: percent, nps: signed, ces: tenths };

/** [name, how it is written, today's estimate, the week's] of all that anything is known of. */
function lines(found) {
  const survey = (period, kind) => period.surveys.find((one) => one.kind === kind);
  const score = (period, kind) => { const one = survey(period, kind); return one && (kind === "csat" ? one.share : kind === "nps" ? one.nps : one.mean); };
  const of = (name) => (period) => period.resolution[name];
  const kept = (sum) => (sum.adherence === null ? null : { value: sum.adherence, lo: null, hi: null, n: sum.agents });
  const both = (pick) => [pick(found.today), pick(found.week)];
  const all = [
    ...Object.keys(ONE).map((kind) => [kind, ONE[kind], ...both((period) => score(period, kind))]),
    ["response", percent, found.response_today, found.response_week],
    ["resolution", percent, ...both(of("first_contact_resolution"))],
    ["reopened", percent, ...both(of("reopen_rate"))],
    ["transfers", percent, ...both(of("transfer_rate"))],
    ["no_answers", percent, ...both(of("no_answer_rate"))],
    ["score", (value) => exactly(value / 100), ...both((period) => period.evaluations?.score)],
    ["adherence", percent, kept(found.adherence_today), kept(found.adherence_week)],
  ];
  return all.filter(([, , today, week]) => today || week).map(([name, write, today, week]) => ({ name, write, today, week, window: found.week.resolution.window_s }));
}

/** How long something lasts, in words: "7 days", "1 hour", "90 minutes". */
function span(seconds) {
  const [key, unit] = seconds % DAY_S === 0 ? ["days", DAY_S] : seconds % HOUR_S === 0 ? ["quality_hours", HOUR_S] : ["quality_minutes", 60];
  return t(key, { count: Math.round(seconds / unit) });
}

function notes(found) {
  const { resolution, from_ns: fromNs, whole_from_ns: wholeNs } = found.week, told = [], zone = store.board.time_zone;
  if (wholeNs > fromNs) told.push(t("quality_week_since", { date: clock(wholeNs / 1e6, zone, "date"), at: clock(wholeNs / 1e6, zone) }));
  if (resolution.contacts) told.push(t("quality_mature", { share: percent(resolution.mature_share), count: resolution.contacts }));
  if (found.scheduled) told.push(t("quality_attendance", { late: found.adherence_today.late, early: found.adherence_today.left_early, absent: found.adherence_today.absent }));
  const { complaints } = found;
  if (complaints.complaints) told.push(t("quality_complaints", { count: complaints.complaints, rate: complaints.rate ? rate(complaints.rate.value) : "–", contacts: complaints.contacts }));
  if (found.cases_open) told.push(t("quality_cases", { count: found.cases_open, overdue: found.cases_overdue }));
  return told;
}

const rate = (value) => (value < 0.01 ? `${tenths(value * 1000)}‰` : percent(value));

function make() {
  const name = el("th", { scope: "row" }), cells = ["today", "week"].map(() => {
    const value = el("strong"), range = el("span", { class: "range" });
    return { node: el("td", { class: "number" }, value, range), value, range };
  });
  return { node: el("tr", {}, name, ...cells.map((cell) => cell.node)), name, cells };
}

function update(view, line) {
  put(view.name, t(`quality_${line.name}`, { window: span(line.window) }));
  [line.today, line.week].forEach((one, place) => {
    const { value, range } = view.cells[place], unit = line.name === "adherence" ? "quality_agents" : "quality_n";
    put(value, one ? line.write(one.value) : "–");
    put(range, one ? (one.lo === null ? t(unit, { count: one.n }) : t("quality_range", { low: line.write(one.lo), high: line.write(one.hi), count: one.n })) : "");
  });
}
