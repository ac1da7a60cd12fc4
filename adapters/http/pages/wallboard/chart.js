// The day by interval against its plan, drawn by hand: contacts as bars, agents and service level as lines. Or as a table.

import { el, draw, put, mark, show } from "./dom.js";
import { store } from "./store.js";
import { t, number, tenths, percent, clock } from "./words.js";
import { asking } from "./asking.js";
import { widest } from "./room.js";

const AGAIN_MS = 60000;
const LEFT = 44, RIGHT = 22, NARROW = 480, LOW = 280, HIGH = 640, SLOTS = 8;
/** Of the axes: how large their letters are, as blocks.css has it; the room between what is measured and its label. */
const LETTER = 12, AWAY = 6, EDGE = 2;
/** How far apart labels of time may be, in minutes: an hour if that finds room; less where the axis reaches over less than two. */
const APART = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720], HOUR = 60, LABEL = 52;
const BARS = { offered: "bar", abandoned: "lost" };
const LINES = { required: "dashed", scheduled: "thin", agents: "strong" };

export function build() {
  const heading = el("h2", { id: "chart-title" }, t("chart_no_plan"));
  const swap = el("button", { type: "button", class: "small", on: { click: () => { asTable = !asTable; paint(); } } });
  const legend = el("ul", { class: "legend" }), note = el("p", { class: "quiet small-text", role: "note", hidden: true });
  const place = el("div", { class: "frame scroll padded", tabindex: 0, role: "group", "aria-labelledby": "chart-title" });
  const node = el("section", { class: "block", "data-block": "chart", "aria-labelledby": "chart-title" }, el("div", { class: "heading" }, heading, legend, swap), note, place);
  let day = null, failed = false, asTable = false;
  const refresh = asking(AGAIN_MS, (at) => `/api/v1/boards/${encodeURIComponent(store.board.board)}/day?${at}`, (answer) => {
    [day, failed] = [answer, answer === null];
    paint();
  });

  function paint() {
    put(swap, t(asTable ? "as_chart" : "as_table"));
    show(swap, Boolean(day));
    show(legend, Boolean(day) && !asTable && day.rows.length > 0);
    if (!day) {
      show(note, false);
      place.replaceChildren(...(failed ? [el("p", { class: "empty" }, t("replay_failed"))] : []));
      return;
    }
    legend.replaceChildren(...explained(day));
    put(heading, t(day.planned || day.fault ? "block_chart" : "chart_no_plan"));
    show(note, Boolean(day.fault) || !day.planned);
    put(note, day.fault ? t("plan_fault", { fault: t(`plan_fault_${day.fault_code}`, day.fault_given) }) : t("no_plan"));
    place.replaceChildren(day.rows.length ? (asTable ? table(day) : picture(day, Math.max(NARROW, place.clientWidth - 24), room(), place)) : el("p", { class: "empty" }, t("say_quiet")));
  }
  /** How high the drawing may be where everything stands on one screen; else in proportion to its width. */
  function room() {
    const column = node.parentElement, others = [...(column?.children ?? [])].filter((child) => child !== node);
    const whole = matchMedia("(min-width: 70rem) and (min-height: 40rem)").matches && column && !others.length;
    return whole ? column.getBoundingClientRect().bottom - place.getBoundingClientRect().top - 24 : 0;
  }
  return { node, draw: () => { refresh(); paint(); }, tick: () => refresh(), shown: () => { refresh(); paint(); } };
}

/** The place of the interval that it is now; -1: none is. */
const present = ({ rows, step_s: stepS, at_ns: atNs }) => rows.findIndex((row) => row.start_ns <= atNs && atNs < row.start_ns + stepS * 1e9);

/** What is to be seen in the chart, and nothing else. */
function explained(day) {
  const { planned } = day;
  const drawn = ["offered", "abandoned", ...(planned ? ["forecast"] : []), "agents", ...(planned ? ["required", "scheduled"] : []), ...(present(day) < 0 ? [] : ["now"])];
  return drawn.map((name) => el("li", {}, draw("svg", { viewBox: "0 0 24 10", "aria-hidden": "true" }, BARS[name] ? draw("rect", { class: BARS[name], x: 4, width: 16, height: 10 })
    : name === "forecast" || name === "now" ? draw("path", { class: name, d: "M2 5H22" }) : draw("path", { class: `line ${LINES[name]}`, d: "M1 5H23" })), t(`day_${name === "now" && store.pastMs !== null ? "then" : name}`)));
}

const average = (value) => (value === null ? "–" : tenths(value));
const COLUMNS = { offered: number, forecast: number, answered: number, abandoned: number, service_level: percent, agents: average, required: number, scheduled: number };
const PLANNED = ["forecast", "required", "scheduled"];

function table(day) {
  const columns = Object.keys(COLUMNS).filter((name) => day.planned || !PLANNED.includes(name));
  return el("table", { class: "day" }, el("caption", { class: "unseen" }, t("block_chart")),
    el("thead", {}, el("tr", {}, ...["start", ...columns].map((name) => el("th", { scope: "col", class: name === "start" ? "" : "number" }, t(`day_${name}`))))),
    el("tbody", {}, ...day.rows.map((row) => el("tr", {}, el("th", { scope: "row" }, time(row.start_ns)),
      ...columns.map((name) => el("td", { class: "number" }, COLUMNS[name](row[name])))))));
}

const time = (ns) => clock(ns / 1e6, store.board.time_zone);
const top = (values) => {
  const most = Math.max(1, ...values.filter((value) => value !== null)), step = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((n) => n * step).find((n) => n >= most);
};

/** Where the three plots stand: [top, height] of each. */
const plots = (high) => {
  const left = high - 100;
  return { contacts: [18, left * 0.43], agents: [48 + left * 0.43, left * 0.34], level: [78 + left * 0.77, left * 0.23] };
};

function picture(day, W, room, place) {
  const H = Math.max(LOW, room || Math.min(HIGH, W * 0.46)), PLOTS = plots(H);
  const { rows, step_s: stepS } = day, contacts = top(rows.flatMap((row) => [row.offered, row.forecast])), people = top(rows.flatMap((row) => [row.agents, row.required, row.scheduled]));
  const scales = [[PLOTS.contacts, contacts, t("day_contacts", { count: Math.round(stepS / 60) }), number], [PLOTS.agents, people, t("day_people"), number], [PLOTS.level, 1, t("column_service"), percent]];
  const left = Math.ceil(Math.max(LEFT, widest(scales.flatMap(([, most, , form]) => marks(most, form)), place) * LETTER + AWAY + EDGE));
  const from = rows[0].start_ns, slots = Math.max(SLOTS, Math.round((rows.at(-1).start_ns - from) / 1e9 / stepS) + 1);
  const wide = (W - left - RIGHT) / slots, x = (ns) => left + ((ns - from) / 1e9 / stepS) * wide;
  const svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart", role: "img" }, draw("title", {}, told(day)));
  for (const scale of scales) grid(svg, [left, W - RIGHT], ...scale);
  for (const row of rows) {
    const [y, high] = PLOTS.contacts, at = x(row.start_ns), of = (value) => (value / contacts) * high;
    if (row.offered !== null) {
      svg.append(draw("rect", { class: "bar", x: at + wide * 0.14, width: wide * 0.72, y: y + high - of(row.offered), height: of(row.offered) }, draw("title", {}, `${time(row.start_ns)}: ${t("day_offered")} ${number(row.offered)}`)));
      if (row.abandoned) svg.append(draw("rect", { class: "lost", x: at + wide * 0.14, width: wide * 0.72, y: y + high - of(row.abandoned), height: of(row.abandoned) }));
    }
    if (row.forecast !== null) svg.append(draw("path", { class: "forecast", d: `M${at + 1} ${y + high - of(row.forecast)}h${wide - 2}` }));
  }
  const steps = (name) => rows.map((row) => [x(row.start_ns), row[name]]);
  for (const name of ["scheduled", "required", "agents"]) line(svg, steps(name), PLOTS.agents, people, wide, LINES[name]);
  line(svg, steps("service_level"), PLOTS.level, 1, wide, "level");
  for (const ns of hours(from, slots * stepS, W - left - RIGHT)) {
    const at = x(ns), base = PLOTS.level[0] + PLOTS.level[1];
    svg.append(draw("line", { class: "rule", x1: at, x2: at, y1: base, y2: base + 4 }), draw("text", { class: "axis hour", x: at, y: H - 4 }, time(ns)));
  }
  if (present(day) >= 0) svg.append(draw("line", { class: "now", x1: x(day.at_ns), x2: x(day.at_ns), y1: 8, y2: H - 22 }));
  return svg;
}

/** The instants between the axis' beginning and its end, so many seconds later, that have a label: whole hours of the board's clock. */
function hours(from, spanS, room) {
  const span = spanS / 60, apart = APART.find((minutes) => minutes >= (span < 2 * HOUR ? 1 : HOUR) && (room * minutes) / span >= LABEL) ?? APART.at(-1);
  const [hour, minute] = time(from).split(":").map(Number), found = [];
  for (let after = (apart - ((hour * 60 + minute) % apart)) % apart; after <= span; after += apart) found.push(from + after * 60e9);
  return found;
}

const SHARES = [0, 0.5, 1];
/** What stands at a scale's lines; nothing at one that is no whole number of what is counted. */
const marks = (most, form) => SHARES.map((share) => (form === number && (most * share) % 1 ? "" : form(most * share)));

function grid(svg, [left, right], [y, high], most, name, form) {
  marks(most, form).forEach((text, place) => {
    const level = y + high * (1 - SHARES[place]);
    svg.append(draw("line", { class: "rule", x1: left, x2: right, y1: level, y2: level }), draw("text", { class: "axis right", x: left - AWAY, y: level + 4 }, text));
  });
  svg.append(draw("text", { class: "axis strong", x: left + 4, y: y - 4 }, name));
}

/** A line in steps, each from its place on and as wide as an interval; it breaks off where nothing is known. */
function line(svg, steps, [y, high], most, wide, kind) {
  let path = "", end = null;
  for (const [at, value] of steps) {
    if (value === null) continue;
    const level = y + high * (1 - value / most);
    path += end !== null && at - end < 0.5 ? `V${level.toFixed(1)}H${(at + wide).toFixed(1)}` : `M${at.toFixed(1)} ${level.toFixed(1)}h${wide.toFixed(1)}`;
    end = at + wide;
  }
  if (path) svg.append(draw("path", { class: `line ${kind}`, d: path }));
}

/** The chart in a sentence, for those who do not see it. */
function told(day) {
  const known = day.rows.filter((row) => row.offered !== null), both = known.filter((row) => row.forecast !== null);
  const offered = known.reduce((n, row) => n + row.offered, 0), forecast = both.reduce((n, row) => n + row.forecast, 0);
  return t(both.length ? "chart_told_plan" : "chart_told", { offered, forecast: Math.round(forecast), from: known.length ? time(known[0].start_ns) : "–" });
}
