// Talking with the service: requests with the token, and the stream, which is read with fetch so that it has one, too.

import { store, take, clear, TOPICS } from "./store.js";

const TOKEN = "trunkline-token";
const PING_S = 2;
const LOST_MS = 12000;
const query = new URLSearchParams(location.search);
/** From here on a status is no answer of the service to what was said, but of what stands before it, or of its plight. */
const FAILED = 500;
let token = "", control = null, atOnce = false, followers = 0;
/** What was said and not answered yet, with the key under which it is said again. */
const unanswered = new Map();

/** A ticket in the address is for this tab alone; it does not stay where it could be read over a shoulder. */
export function begin() {
  const ticket = query.get("ticket");
  if (ticket) {
    query.delete("ticket");
    const rest = query.toString();
    history.replaceState(null, "", location.pathname + (rest ? `?${rest}` : ""));
    remember(ticket);
  }
  token = read() ?? "";
}
export const kiosk = () => query.get("kiosk") === "1";
/** Whether there is anything to be refused. */
export const hasToken = () => token !== "";
const read = () => { try { return sessionStorage.getItem(TOKEN); } catch { return null; } };
export function remember(given) {
  token = given.trim();
  try { sessionStorage.setItem(TOKEN, token); } catch { /* then it is asked for again */ }
}

/** What was refused, in the service's own words; `code` says why where its state did not allow it. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.code = problem.code ?? "";
  }
}

/** What no header can carry is no token of the service's. */
function headers(more = {}) {
  if (/[^\x21-\x7e]/.test(token)) throw new Refused(401, {});
  return token ? { Authorization: `Bearer ${token}`, ...more } : more;
}

async function answered(answer) {
  if (answer.ok) return answer;
  throw new Refused(answer.status, await answer.json().catch(() => ({})));
}

export const get = async (address) => (await answered(await fetch(address, { headers: headers() }))).json();
export const getText = async (address) => (await answered(await fetch(address, { headers: headers() }))).text();

/** From here on an order is another one, whatever it says: as when its dialog is opened. */
export const orderAnew = () => unanswered.clear();

/** Gives an order. One whose answer was lost is the same order when it is given again, and is done once. */
export async function send(method, address, body, signal) {
  const said = JSON.stringify(body), order = `${method} ${address} ${said}`;
  const key = unanswered.get(order) ?? crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  unanswered.set(order, key);
  const answer = await fetch(address, { method, signal, headers: headers({ "Content-Type": "application/json", "Idempotency-Key": key }), body: said });
  if (answer.status < FAILED) unanswered.delete(order);
  return (await answered(answer)).json();
}

/** Reads the stream for ever, or until somebody else does; `told` is called after each piece, `onState` with live, lost or refused. */
export async function follow(told, onState) {
  const me = (followers += 1);
  control?.abort();
  let waitMs = 500;
  while (me === followers) {
    const own = control = new AbortController(), beganMs = Date.now();
    const watch = setInterval(() => { if (Date.now() - Math.max(store.heardMs, beganMs) > LOST_MS) own.abort(); }, 1000);
    try {
      const answer = await fetch(`/api/v1/stream?topics=${TOPICS.join(",")}&board=${encodeURIComponent(store.board.board)}&changes=fields&ping=${PING_S}`, { headers: headers(), signal: own.signal });
      if (me !== followers) return;
      if (answer.status === 401 || answer.status === 403) {
        onState("refused");
        return;
      }
      await answered(answer);
      onState("live");
      store.heardMs = Date.now();
      for await (const message of messages(answer.body)) {
        if (me !== followers) return;
        waitMs = 500;
        hear(message);
        told();
      }
    } catch { /* the reader comes back in a moment */ } finally {
      clearInterval(watch);
    }
    if (me !== followers) return;
    if (atOnce) {
      atOnce = false;
      continue;
    }
    onState("lost");
    await new Promise((go) => { setTimeout(go, waitMs * (0.75 + Math.random() / 2)); });
    waitMs = Math.min(10000, waitMs * 2);
  }
}

/** Begins the stream anew, with all of it. */
export function again() {
  atOnce = true;
  control?.abort();
}

function hear(message) {
  store.heardMs = Date.now();
  if (message.atNs) setClock(message.atNs);
  if (store.pastMs !== null || !message.data) return;
  if (message.event === "reset") clear();
  if (!["snapshot", "delta", "patch"].includes(message.event)) return;
  const change = JSON.parse(message.data);
  setClock(change.at_ns);
  take(message.event, change);
}

/** What ages are reckoned by: the service's clock, which is told in quiet hours, too. */
function setClock(ns) {
  store.skewMs = ns / 1e6 - Date.now();
}

async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const message = { event: "message", data: "", atNs: 0 };
      for (const line of part.split("\n")) {
        if (line.startsWith("event: ")) message.event = line.slice(7);
        else if (line.startsWith("data: ")) message.data += line.slice(6);
        else if (line.startsWith(": ")) message.atNs = Number(line.slice(2));
      }
      yield message;
    }
  }
}
