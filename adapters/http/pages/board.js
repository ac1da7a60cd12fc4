"use strict";

// The page reads /api/v1/stream with fetch, so that a token can go in a header. Ages tick here, once a second.

const HEALTH = { breached: "Breached", at_risk: "At risk", closed: "Closed", ok: "On target" };
const RANK = { breached: 0, at_risk: 1, ok: 2, closed: 3 };
const ICON = { breached: "▲", at_risk: "◆", ok: "●", closed: "■" };
const STATE = {
  idle: "available", offered: "ringing", busy: "busy", wrapping: "wrap-up", paused: "paused",
  offline: "offline", not_responding: "no answer", unreachable: "phone gone",
};
const STATE_RANK = ["not_responding", "unreachable", "offered", "busy", "wrapping", "idle", "paused", "offline"];
const AGENTS_SHOWN = 400;
const AGENTS_ROOMY = 40;
const SAY_MS = 30000;
const STALE_MS = 20000;

const state = { queues: new Map(), agents: new Map(), waiting: new Map(), asOf: 0, skewMs: 0, heard: 0, sentence: "", told: "", toldAt: 0 };
const $ = (id) => document.getElementById(id);
const nowMs = () => Date.now() + state.skewMs;
const ageS = (ns) => Math.max(0, nowMs() / 1000 - ns / 1e9);

function clock(seconds) {
  const whole = Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
const percent = (value) => (value === null ? "–" : `${Math.round(value * 100)}%`);
const seconds = (value) => (value === null ? "–" : clock(value));
const shown = (queue) => queue.display_name || queue.queue;
// "Nguyễn Thị An" is "N. T. An" where there is little room.
const short = (name) => name.split(/\s+/).map((word, place, all) => (place < all.length - 1 ? `${[...word][0]}.` : word)).join(" ");
const sum = (items, key) => items.reduce((total, item) => total + item[key], 0);

function element(tag, attributes = {}, ...children) {
  const svg = ["svg", "rect"].includes(tag);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== "") made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Nodes of items that look as before stay: a pointer on them keeps its hint, and nothing is laid out again.
function redraw(place, items, make) {
  const before = place.drawn ?? new Map();
  place.drawn = new Map(items.map(([key, ...given]) => {
    const looks = JSON.stringify(given), known = before.get(key);
    return [key, known?.looks === looks ? known : { looks, node: make(...given) }];
  }));
  const nodes = [...place.drawn.values()].map((item) => item.node);
  if (nodes.length !== place.childNodes.length || nodes.some((node, at) => node !== place.childNodes[at])) place.replaceChildren(...nodes);
}

// --- drawing

function gauge(queue) {
  const value = queue.service_level;
  const met = value === null || value >= queue.target;
  const bar = element("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    element("rect", { class: "track", width: 100, height: 10, rx: 2 }),
    element("rect", { class: "fill", width: (value ?? 0) * 100, height: 10, rx: 2 }),
    element("rect", { class: "tick", x: queue.target * 100 - 0.6, width: 1.2, height: 10 }));
  const title = `target ${percent(queue.target)} within ${queue.threshold_s} s, ${queue.service_level_id}`;
  return element("div", { class: "gauge", "data-met": met ? "yes" : "no", title }, element("span", {}, percent(value)), bar);
}

function people(queue) {
  const a = queue.agents;
  const groups = [
    ["idle", a.idle, "available"],
    ["working", a.offered + a.busy + a.wrapping, "working"],
    ["error", a.not_responding, STATE.not_responding],
    ["error", a.unreachable, STATE.unreachable],
    ["away", a.paused, "paused"],
  ];
  const total = groups.reduce((n, group) => n + group[1], 0);
  const words = groups.filter((group) => group[1]).map((group) => `${group[1]} ${group[2]}`).join(", ");
  const bar = element("svg", { class: "stack", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  let x = 0;
  for (const [name, count] of groups) {
    const width = total ? (count / total) * 100 : 0;
    bar.append(element("rect", { class: name, x, width, height: 10 }));
    x += width;
  }
  return element("div", {}, total ? bar : "", element("span", { class: "stack-words" }, words || "nobody logged in"));
}

function cell(label, content, classes = "number") {
  return element("td", { role: "cell", class: classes, "data-label": label }, content);
}

function queueRow(queue) {
  const name = element("th", { role: "rowheader", scope: "row", title: queue.display_name ? queue.queue : "" }, shown(queue));
  const badge = element("span", { class: "badge", "data-health": queue.health, title: queue.health_reason },
    element("span", { "aria-hidden": "true" }, ICON[queue.health]), HEALTH[queue.health]);
  const expected = queue.expected_p50_s === null ? "–" : `${seconds(queue.expected_p50_s)} / ${seconds(queue.expected_p90_s)}`;
  const lost = queue.abandon_rate === null ? `${queue.abandoned}` : `${queue.abandoned} (${percent(queue.abandon_rate)})`;
  const oldest = element("span", { "data-since": queue.oldest_since_ns || undefined }, "–");
  return element("tr", { role: "row" }, name,
    cell("Health", badge, "health"),
    cell("Waiting", String(queue.waiting), queue.waiting ? "number strong" : "number quiet"),
    cell("Longest", oldest),
    cell("Service level", gauge(queue), "level"),
    cell("Offered", String(queue.entries)),
    cell("Answered", String(queue.answered)),
    cell("Abandoned", element("span", { title: `The share leaves out the ${queue.short_abandoned} short ones, who gave up at once. As a formula: ${queue.abandon_rate_id}` }, lost)),
    cell("Mean wait", seconds(queue.average_speed_of_answer_s)),
    cell("Handling", seconds(queue.average_handle_s)),
    cell("Expected", expected),
    cell("Agents", people(queue), "people"));
}

function drawQueues() {
  const worst = [...state.queues.values()].sort((one, other) =>
    RANK[one.health] - RANK[other.health] || other.overdue - one.overdue || other.waiting - one.waiting ||
    one.queue.localeCompare(other.queue));
  if (worst.length) redraw($("queue-rows"), worst.map((queue) => [queue.queue, queue]), queueRow);
  else redraw($("queue-rows"), [["", 12, "No queues are configured."]], empty);
  drawTiles(worst);
  drawStatus(worst);
}

function empty(columns, text) {
  return element("tr", { role: "row" }, element("td", { role: "cell", class: "empty", colspan: columns }, text));
}

function tile(name, value, note, health = "") {
  const place = document.querySelector(`[data-tile="${name}"]`);
  if (place.textContent !== value) place.textContent = value;
  document.querySelector(`[data-note="${name}"]`).textContent = note;
  place.parentElement.dataset.health = health;
}

function drawTiles(queues) {
  const waiting = sum(queues, "waiting"), overdue = sum(queues, "overdue");
  const answered = sum(queues, "answered"), entries = sum(queues, "entries"), abandoned = sum(queues, "abandoned");
  tile("waiting", String(waiting), overdue ? `${overdue} past the threshold` : "none past the threshold", overdue ? "breached" : "");
  const weighed = queues.filter((queue) => queue.service_level !== null && queue.entries);
  const offered = sum(weighed, "entries");
  const level = offered ? weighed.reduce((n, queue) => n + queue.service_level * queue.entries, 0) / offered : null;
  const behind = weighed.filter((queue) => queue.service_level < queue.target).length;
  tile("level", percent(level), behind ? `${behind} of ${weighed.length} queues below target` : "weighed by contacts", behind ? "at_risk" : "");
  tile("answered", String(answered), `of ${entries} offered`);
  // The share is reckoned as in the rows: without those who gave up at once.
  const few = sum(queues, "short_abandoned"), of = sum(queues, "abandon_rate_of");
  const share = of ? `${percent((abandoned - few) / of)}${few ? " without them" : ""}` : "";
  tile("abandoned", String(abandoned), [few ? `${few} gave up at once` : "", share].filter(Boolean).join(", "));
}

function drawStatus(queues) {
  const bad = queues.filter((queue) => queue.health === "breached" || queue.health === "at_risk");
  const open = queues.filter((queue) => queue.open).length;
  const quiet = !queues.some((queue) => queue.entries || queue.waiting || queue.connected || queue.staffed);
  let text, health = "quiet";
  if (!queues.length) text = "No queues are configured.";
  else if (quiet) text = "No events yet today: nobody called and nobody is logged in.";
  else if (bad.length) {
    const told = bad.slice(0, 3).map((queue) => `${shown(queue)} (${queue.health_reason})`).join(", ");
    text = `${bad.length === 1 ? "1 queue needs" : `${bad.length} queues need`} attention: ${told}${bad.length > 3 ? ", …" : "."}`;
    health = bad.some((queue) => queue.health === "breached") ? "breached" : "at_risk";
  } else if (!open) text = "All queues are closed.";
  else [text, health] = [open === 1 ? "The open queue is on target." : `All ${open} open queues are on target.`, "ok"];
  const place = $("sentence");
  place.dataset.health = health;
  if (place.textContent !== text) place.textContent = text;
  $("nothing").hidden = !quiet;
  state.sentence = text;
  announce();
}

// What is read aloud changes twice a minute at most, and goes again, so that nobody meets the sentence twice.
function announce() {
  if (!state.sentence || state.sentence === state.told || Date.now() - state.toldAt < SAY_MS) return;
  [state.told, state.toldAt] = [state.sentence, Date.now()];
  $("status").textContent = state.sentence;
  setTimeout(() => { $("status").textContent = ""; }, 5000);
}

function waitingRow(contact, queue) {
  const known = contact.caller ? contact.caller : element("span", { class: "quiet" }, "not known");
  const caller = element("th", { role: "rowheader", scope: "row", title: contact.contact }, known,
    contact.channel === "voice" ? "" : element("span", { class: "channel" }, contact.channel));
  const why = contact.priority ? `${contact.why}, priority ${contact.priority}` : contact.why;
  return element("tr", { role: "row" }, caller,
    element("td", { role: "cell" }, queue),
    element("td", { role: "cell", class: "number" }, element("span", { "data-since": contact.since_ns }, "–")),
    element("td", { role: "cell", class: "why" }, why));
}

function drawWaiting() {
  const longest = [...state.waiting.values()].sort((one, other) => one.since_ns - other.since_ns).slice(0, 15);
  const named = (contact) => (state.queues.has(contact.queue) ? shown(state.queues.get(contact.queue)) : contact.queue);
  if (longest.length) redraw($("waiting-rows"), longest.map((contact) => [contact.contact, contact, named(contact)]), waitingRow);
  else redraw($("waiting-rows"), [["", 4, "Nobody is waiting."]], empty);
}

function agentSquare(agent, many) {
  const used = Object.entries(agent.loads).filter(([, load]) => load.capacity > 1 && load.used)
    .map(([channel, load]) => `${channel} ${load.used}/${load.capacity}`).join(", ");
  const whole = agent.display_name || agent.agent;
  const more = [agent.reason, used].filter(Boolean).join(" · ");
  const hint = [whole === agent.agent ? whole : `${whole} (${agent.agent})`, STATE[agent.state], more].filter(Boolean).join(", ");
  const name = many && short(whole) !== whole
    ? [element("span", { class: "name", "aria-hidden": "true" }, short(whole)), element("span", { class: "unseen" }, whole)]
    : [element("span", { class: "name" }, whole)];
  return element("li", { "data-state": agent.state, title: hint }, ...name,
    element("span", { class: "state" }, element("span", {}, STATE[agent.state]),
      agent.since_ns ? element("span", { "data-since": agent.since_ns }, "") : ""),
    more && !many ? element("span", { class: "reason" }, more) : "");
}

function drawAgents() {
  const all = [...state.agents.values()].sort((one, other) =>
    STATE_RANK.indexOf(one.state) - STATE_RANK.indexOf(other.state) || one.agent.localeCompare(other.agent, undefined, { numeric: true }));
  const counts = STATE_RANK.map((name) => [all.filter((agent) => agent.state === name).length, STATE[name]]);
  const told = counts.filter(([count]) => count).map(([count, word]) => `${count} ${word}`).join(", ");
  const more = all.length > AGENTS_SHOWN ? `; the first ${AGENTS_SHOWN} are shown` : "";
  $("agent-summary").textContent = all.length ? `${all.length} agents: ${told}${more}` : "No agents are configured.";
  const many = all.length > AGENTS_ROOMY;
  $("pair").dataset.many = many ? "yes" : "no";
  redraw($("agents"), all.slice(0, AGENTS_SHOWN).map((agent) => [agent.agent, agent, many]), agentSquare);
  const idle = all.filter((agent) => agent.state === "idle").length;
  const inside = all.filter((agent) => agent.state !== "offline").length;
  tile("available", String(idle), `of ${inside} logged in`);
}

function tick() {
  for (const place of document.querySelectorAll("[data-since]")) {
    const text = clock(ageS(Number(place.dataset.since)));
    if (place.textContent !== text) place.textContent = text;
  }
  const oldest = [...state.queues.values()].filter((queue) => queue.oldest_since_ns)
    .sort((one, other) => one.oldest_since_ns - other.oldest_since_ns)[0];
  tile("oldest", oldest ? clock(ageS(oldest.oldest_since_ns)) : "0:00", oldest ? `in ${shown(oldest)}` : "nobody waits",
    oldest && oldest.overdue ? "breached" : "");
  $("clock").textContent = new Date(nowMs()).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  announce();
  if (!state.heard) return;
  const silent = Date.now() - state.heard;
  if (silent > STALE_MS) connection("lost", `stale for ${clock(silent / 1000)}`);
  else if ($("dot").dataset.state === "live") connection("live", silent < 3000 ? "live" : `live, unchanged for ${clock(silent / 1000)}`);
}

function connection(name, text) {
  $("dot").dataset.state = name;
  if ($("connection").textContent !== text) $("connection").textContent = text;
}

// --- the stream

const DRAW = { queues: drawQueues, agents: drawAgents, waiting: drawWaiting };
const KEY = { queues: "queue", agents: "agent", waiting: "contact" };

function take(kind, data) {
  const items = state[data.topic];
  if (!items) return;
  if (kind === "snapshot") items.clear();
  for (const item of data.items) items.set(item[KEY[data.topic]], item);
  for (const name of data.removed ?? []) items.delete(name);
  state.asOf = Math.max(state.asOf, data.as_of);
  if (data.at_ns) state.skewMs = Math.abs(data.at_ns / 1e6 - Date.now()) > 2000 ? data.at_ns / 1e6 - Date.now() : 0;
  $("position").textContent = `true at position ${state.asOf}`;
  DRAW[data.topic]();
  tick();
}

function takeMessage(text) {
  let kind = "message", data = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("event: ")) kind = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (kind === "snapshot" || kind === "delta") take(kind, JSON.parse(data));
}

async function read() {
  const headers = {};
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch("/api/v1/stream?topics=queues,agents,waiting", { headers, cache: "no-store" });
  $("token-form").hidden = answer.status !== 401 && answer.status !== 403;
  if (!answer.ok) throw new Error(answer.status === 401 ? "a token is needed" : `refused with ${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    state.heard = Date.now();
    connection("live", "live");
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    parts.forEach(takeMessage);
  }
}

async function follow() {
  for (let attempt = 0; ; attempt++) {
    const began = Date.now();
    let why = "the service closed the stream";
    try { await read(); } catch (error) { why = error instanceof TypeError ? "the service cannot be reached" : error.message; }
    if (Date.now() - began > 10000) attempt = 0;
    connection("lost", `reconnecting: ${why}`);
    await new Promise((resolve) => { state.wake = resolve; setTimeout(resolve, Math.min(15000, 500 * 2 ** attempt)); });
  }
}

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  $("token").value = "";
  state.wake?.();
});
setInterval(tick, 1000);
tick();
follow();
