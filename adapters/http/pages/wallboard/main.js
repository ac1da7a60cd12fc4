// The wallboard: what belongs together, and when it is drawn.

import { $, el, put, mark, show } from "./dom.js";
import { store, clear, TOPICS } from "./store.js";
import * as words from "./words.js";
import * as link from "./link.js";
import * as head from "./head.js";
import * as screens from "./screens.js";
import * as judge from "./judge.js";
import * as speech from "./speech.js";
import * as tiles from "./tiles.js";
import * as queues from "./queues.js";
import * as waiting from "./waiting.js";
import * as agents from "./agents.js";
import * as alerts from "./alerts.js";
import * as chart from "./chart.js";
import * as lost from "./lost.js";
import * as quality from "./quality.js";
import * as replay from "./replay.js";
import * as switches from "./switches.js";
import * as supervise from "./supervise.js";
import * as plans from "./plans.js";
import * as configuration from "./configuration.js";
import * as keys from "./keys.js";

const { t } = words;
const USES = {
  tiles: ["queues", "agents", "alerts"], queues: ["queues", "alerts"], waiting: ["waiting", "queues"],
  agents: ["agents"], alerts: ["alerts", "queues"], chart: [], lost: [], quality: [],
};
/** Blocks that name people. */
const NAMING = ["agents", "waiting", "alerts", "lost"];
const UNTOLD = Object.keys(USES).filter((block) => !USES[block].length);
const BUILDERS = { tiles, queues, waiting, agents, alerts, chart, lost, quality };
const HOUR_AGAIN_MS = 15000;
const WEEK_AGAIN_MS = 300000;
const FRAMES_KEPT = 1000;
const name = decodeURIComponent(location.pathname.split("/")[2] || "default");
let blocks = {}, frame = 0, drawn = 0, barred = false, refused = 0, openings = 0, retry = 0;
const stale = new Set();

const act = {
  choose: (queue) => { screens.reveal("waiting"); blocks.waiting?.choose(queue); },
  kiosk: link.kiosk,
  may: supervise.may,
  mayStatus: supervise.mayStatus,
  supervise: supervise.queue,
  contact: supervise.contact,
  agent: supervise.agent,
  acknowledge: supervise.acknowledge,
  calledBack: supervise.calledBack,
};

function build() {
  blocks = {};
  for (const block of new Set(store.board.screens.flatMap((screen) => screen.blocks))) {
    if (BUILDERS[block]) blocks[block] = BUILDERS[block].build(act);
  }
  for (const [block, made] of Object.entries(blocks)) made.shown ??= () => { stale.add(block); ask(); };
  screens.lay(store.board.screens, store.board.rotate_s, blocks);
}

/** Draws once before the next frame what is new and in sight. */
function ask() {
  frame ||= requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  if (barred || !store.known) return; // What is not known is not drawn: zeros would look healthy.
  const began = performance.now();
  for (const [block, topics] of Object.entries(USES)) if (topics.some((topic) => store.fresh.has(topic))) stale.add(block);
  if (store.fresh.has("plans")) plans.draw();
  store.fresh.clear();
  const judged = judge.judge();
  speech.say(judged); // before the blocks: they fit themselves into what it leaves
  nothing();
  for (const block of screens.visible()) if (stale.delete(block)) blocks[block].draw(judged);
  if ((drawn += 1) % FRAMES_KEPT === 0) performance.clearMeasures("wallboard-frame");
  performance.measure("wallboard-frame", { start: began });
}

function nothing() {
  const quiet = store.asOf > 0 && store.pastMs === null && ![...store.queues.values()].some((queue) => queue.entries || queue.waiting || queue.connected || queue.staffed);
  show($("nothing"), quiet);
  show($("nothing-how"), supervise.may()); // nobody in front of a wall installs anything
}

function tick() {
  head.tick();
  if (barred) return;
  plans.draw();
  for (const block of screens.visible()) blocks[block].tick?.();
  speech.tick();
}

async function speak() {
  await words.load(switches.language());
  if (barred) {
    head.apply();
    bar(refused);
    return;
  }
  head.title();
  head.apply();
  configuration.draw();
  build();
  for (const topic of TOPICS) store.fresh.add(topic);
  ask();
}

async function hour() {
  try {
    store.hour = await link.get(`/api/v1/boards/${encodeURIComponent(name)}/hour`);
    stale.add("tiles");
    ask();
  } catch { /* the lines stay as they are */ }
}

/** Takes up what a reload of the configuration has changed of the board; returns what is known of it now. */
async function anew(known) {
  try {
    const board = await link.get(`/api/v1/boards/${encodeURIComponent(name)}`), told = JSON.stringify(board);
    if (told === known) return known;
    store.board = board;
    await speak();
    return told;
  } catch {
    return known;
  }
}

/** What the arrows beside the figures compare with; looking it up may take the service a while. */
async function week() {
  try {
    store.week = await link.get(`/api/v1/boards/${encodeURIComponent(name)}/last-week`);
    stale.add("tiles");
    ask();
  } catch { /* there are no arrows then */ }
}

/** Who is not let in sees nothing: not what was known before either. Of a token that was given it is said why, beside its field. */
function bar(status) {
  [barred, refused] = [true, status];
  replay.drop();
  configuration.drop();
  clear();
  head.onLink("refused");
  head.tick();
  screens.stop();
  $("dialog").close();
  for (const place of ["top", "left", "right", "plans"]) $(place).replaceChildren();
  for (const place of ["top", "columns", "nothing", "plans", "screens"]) show($(place), false);
  show($("token-form"), !link.kiosk());
  speech.bar(t(link.kiosk() ? "refused_kiosk" : "token_needed"));
  const given = link.hasToken();
  $("token-fault").textContent = given ? t(status === 403 ? "token_lacks" : "token_refused") : "";
  mark($("token"), "aria-invalid", given ? "true" : "");
  if (document.activeElement?.closest("#token-form")) $("token").select();
}

function unbar() {
  barred = false;
  for (const place of ["top", "columns"]) show($(place), true);
  show($("token-form"), false);
}

/** However often it is asked for, by whom who gives a token and by the clock: the last is the one that goes on. */
async function open() {
  const mine = (openings += 1);
  clearTimeout(retry);
  try {
    const board = await link.get(`/api/v1/boards/${encodeURIComponent(name)}`);
    if (mine !== openings) return;
    store.board = board;
  } catch (error) {
    if (mine !== openings) return;
    if (error.status === 401 || error.status === 403) bar(error.status);
    else retry = setTimeout(open, 3000);
    return;
  }
  unbar();
  await speak();
  hour();
  week();
  configuration.look();
  let known = JSON.stringify(store.board);
  link.follow(ask, async (state) => {
    head.onLink(state);
    head.tick();
    if (state === "live") known = await anew(known);
    if (state === "refused") bar(401);
  });
}

async function begin() {
  link.begin();
  await words.load(switches.language());
  head.build({ language: speak, redraw: () => { for (const block of NAMING) stale.add(block); ask(); }, sound: speech.allow, replay: replay.toggle, plans: plans.list, help: keys.help });
  keys.begin(keys.help);
  replay.begin(({ begun = false, over = false }) => {
    if (over) link.again();
    if (begun || over) build(); // in between the blocks stay: what somebody is about to press is not taken away
    for (const block of UNTOLD) stale.add(block);
    head.tick();
    ask();
  });
  $("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    $("token-fault").textContent = ""; // what is said a second time is heard again
    link.remember($("token").value);
    open();
  });
  setInterval(tick, 1000);
  setInterval(() => {
    if (!store.board || barred) return;
    hour();
    configuration.look();
  }, HOUR_AGAIN_MS);
  setInterval(() => { if (store.board && !barred) week(); }, WEEK_AGAIN_MS);
  head.tick();
  await open();
}

begin();
