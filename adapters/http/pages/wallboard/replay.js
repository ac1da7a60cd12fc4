// Replay: the board as it was at any moment of the log, told by the same kernel, at the pace that one likes.

import { $, el, put, mark, show } from "./dom.js";
import { store, clear, take, aside, restore } from "./store.js";
import { t, clock } from "./words.js";
import { get } from "./link.js";
import { followed } from "./reading.js";

const SPEEDS = [1, 10, 60];
const STEP_MS = 500;
const HOUR_MS = 3600000;
let redraw = () => {}, span = null, speed = 10, playing = false, timer = 0, busy = false, wanted = null, parts = null, before = null;

export const open = () => store.pastMs !== null;

export function begin(drawn) {
  redraw = drawn;
}

/** Opens the slider at an hour ago, or closes it and returns to now. */
export async function toggle() {
  if (open()) {
    leave();
    return;
  }
  try {
    span = await get(`${address()}/span`);
  } catch {
    build();
    put(parts.note, t("replay_failed"));
    for (const part of [parts.slider, parts.play, ...parts.speeds]) part.disabled = true;
    return;
  }
  build();
  const from = span.began_ns / 1e6, to = span.now_ns / 1e6;
  Object.assign(parts.slider, { min: Math.ceil(from), max: Math.floor(to) });
  go(Math.max(from, to - HOUR_MS));
  parts.slider.focus();
}

const address = () => `/api/v1/boards/${encodeURIComponent(store.board.board)}/past`;

function build() {
  const slider = el("input", { type: "range", id: "moment", step: 1000, on: { input: () => go(Number(slider.value)), keydown: (event) => key(event) } });
  const play = el("button", { type: "button", class: "tool", on: { click: () => run(!playing) } });
  const at = el("output", { for: "moment" }), note = el("span", { class: "quiet", role: "note" });
  const speeds = SPEEDS.map((n) => el("button", { type: "button", class: "tool", on: { click: () => { speed = n; told(); } } }, `${n}×`));
  const close = el("button", { type: "button", class: "small", on: { click: leave } }, t("replay_leave"));
  parts = { slider, play, at, note, speeds };
  $("replay").replaceChildren(el("label", { for: "moment" }, t("replay")), play, ...speeds, slider, at, note, close);
  show($("replay"), true);
  told();
}

function key(event) {
  const step = { PageUp: 60000, PageDown: -60000, ArrowRight: 1000, ArrowLeft: -1000, ArrowUp: 10000, ArrowDown: -10000 }[event.key];
  if (!step) return;
  event.preventDefault();
  go(Number(parts.slider.value) + step);
}

function told() {
  put(parts.play, playing ? "❚❚" : "▶");
  const name = t(playing ? "replay_pause" : "replay_play");
  parts.play.setAttribute("aria-label", name);
  parts.play.title = name;
  parts.speeds.forEach((button, place) => {
    mark(button, "aria-pressed", String(SPEEDS[place] === speed));
    mark(button, "aria-label", t("replay_speed", { count: SPEEDS[place] }));
  });
}

function run(on) {
  playing = on;
  clearInterval(timer);
  if (on) timer = setInterval(() => { if (!busy) look(store.pastMs + STEP_MS * speed); }, STEP_MS);
  told();
}

/** Moves the slider where somebody wants it, and shows that moment. */
function go(ms) {
  place(look(ms));
}

/** Asks for a moment within the log; returns which it is. */
function look(ms) {
  const end = Number(parts.slider.max), at = Math.min(Math.max(ms, Number(parts.slider.min)), end);
  if (at >= end && playing) run(false);
  wanted = at;
  fetchIt();
  return at;
}

function place(at) {
  parts.slider.value = at;
  put(parts.at, `${clock(at, store.board.time_zone, "date")}, ${clock(at, store.board.time_zone, "seconds")}`);
  parts.slider.setAttribute("aria-valuetext", parts.at.textContent);
}

async function fetchIt() {
  if (busy) return;
  busy = true;
  while (wanted !== null) {
    const at = wanted;
    wanted = null;
    try {
      const moment = await followed(get(`${address()}?at=${Math.round(at)}000000`), at, (words) => { if (parts) put(parts.note, words); });
      if (!parts) break;
      const begun = !open();
      if (begun) before = aside();
      store.pastMs = at;
      clear();
      for (const topic of ["queues", "agents", "waiting", "plans"]) take("snapshot", { topic, items: moment[topic], as_of: moment.as_of });
      take("snapshot", { topic: "alerts", items: moment.alerts.map((alert) => ({ ...alert, board: store.board.board })), as_of: moment.as_of });
      if (wanted === null) place(at); // as it plays, the slider goes with what is shown, not ahead of it
      put(parts.note, t("replay_position", { count: moment.as_of }));
      redraw({ begun });
    } catch {
      if (parts) put(parts.note, t("replay_failed"));
    }
  }
  busy = false;
}

/** Ends it without what was known before: whoever looks on may see neither. */
export function drop() {
  if (!parts) return;
  before = null;
  leave();
}

function leave() {
  run(false);
  [parts, wanted, store.pastMs] = [null, null, null];
  show($("replay"), false);
  $("replay").replaceChildren();
  if (before) restore(before);
  before = null;
  redraw({ over: true });
}
