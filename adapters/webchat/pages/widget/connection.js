// The connection: it comes back by itself and goes on from the last line shown; polls where WebSockets are barred.

import { chat, looksHere } from "./chat.js";
import { load } from "./kept.js";
import { markRead } from "./lines.js";
import { setUnread } from "./panel.js";
import { address, inbox } from "./place.js";
import { tell } from "./signals.js";

const BARRED_AFTER = 2;
const OPEN_WITHIN_MS = 15000;
const ANSWER_WITHIN_MS = 5000;
const HEARD_WITHIN_MS = 5000;
let session = "";
let barred = 0;
let connecting = false;
let retry = null;
let answered = null;

export const bearer = () => {
  const token = session || load("session");
  return token ? { Authorization: `Bearer ${token}` } : {};
};

const hello = () => ({
  type: "hello", inbox, session: load("session") || session, after_seq: chat.afterSeq, left: chat.left,
  jwt: session ? "" : script.dataset.jwt || "", locale: chat.words.locale || "",
});

const take = (frame) => {
  if (frame.type === "welcome") session = frame.session;
  tell("heard", frame);
};

export function connect() {
  if (chat.link || connecting || chat.isBarred) return;
  clearTimeout(retry);
  connecting = true;
  chat.attempts += 1;
  tell("changed");
  if (barred >= BARRED_AFTER || !window.WebSocket) poll();
  else openSocket();
}

// A page's policy that bars the socket may say so by an exception, by an event, or not at all.
function tryPolling() {
  barred = BARRED_AFTER;
  connecting = false;
  connect();
}

function lost() {
  chat.link = null;
  connecting = false;
  if (chat.isBarred) return;
  tell("changed");
  const delay = Math.min(30, 2 ** Math.min(chat.attempts - 1, 5)) * (0.5 + Math.random() / 2);
  clearTimeout(retry);
  retry = setTimeout(connect, delay * 1000);
}

function openSocket() {
  let socket;
  try {
    socket = new WebSocket(address("ws").replace(/^http/, "ws"));
  } catch {
    tryPolling();
    return;
  }
  let opened = false;
  const unheard = setTimeout(() => { if (!opened) { socket.onclose = null; socket.close(); clearTimeout(late); tryPolling(); } }, HEARD_WITHIN_MS);
  const late = setTimeout(() => socket.close(), OPEN_WITHIN_MS);
  socket.onopen = () => { opened = true; clearTimeout(unheard); barred = 0; socket.send(JSON.stringify(hello())); };
  socket.onmessage = ({ data }) => {
    clearTimeout(answered);
    const frame = JSON.parse(data);
    if (frame.type === "welcome") {
      clearTimeout(late);
      connecting = false;
      chat.link = { send: (said) => socket.readyState === 1 && socket.send(JSON.stringify(said)), close: () => socket.close() };
    }
    take(frame);
  };
  socket.onclose = () => { clearTimeout(unheard); clearTimeout(late); clearTimeout(answered); if (!opened) barred += 1; lost(); };
}

async function poll() {
  const ask = async (path, query, options = {}) => {
    const answer = await fetch(address(path, query), { ...options, headers: bearer() });
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  };
  let on = true;
  const post = async (frame) => (await ask("frames", {}, { method: "POST", body: JSON.stringify(frame) })).frames.forEach(take);
  let queue = Promise.resolve();
  const mine = { send: (frame) => { queue = queue.then(() => post(frame)).catch(() => mine.close()); }, close: () => { on = false; } };
  try {
    const { frames } = await ask("frames", {}, { method: "POST", body: JSON.stringify(hello()) });
    session = frames[0].session || session;
    connecting = false;
    chat.link = mine;
    frames.forEach(take);
    for (let seen = ""; on && !chat.isBarred; ) {
      const batch = await ask("messages", { after_seq: chat.afterSeq, left: chat.left, seen });
      seen = batch.seen;
      batch.frames.forEach(take);
    }
  } catch {
    // The next try says so.
  }
  if (chat.link === mine || connecting) lost();
}

// The page is shown again, or the network is back: is the connection still there?
export function lookAlive() {
  if (!chat.settings || document.visibilityState !== "visible") return;
  markRead();
  if (looksHere()) setUnread(0);
  if (chat.link) {
    chat.link.send({ type: "ping" });
    clearTimeout(answered);
    const mine = chat.link;
    if (barred < BARRED_AFTER) answered = setTimeout(() => mine.close(), ANSWER_WITHIN_MS);
  } else if (chat.isOpen || load("active")) connect();
}
