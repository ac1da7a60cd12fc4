// The connection: it comes back by itself and goes on from the last line shown; polls where WebSockets are barred.

import { chat, looksHere } from "./chat.js";
import { keep, load, visit } from "./kept.js";
import { markRead } from "./lines.js";
import { setUnread } from "./panel.js";
import { address } from "./place.js";
import { isReached, poll } from "./polling.js";
import { askIfThere, hello, stopAsking, take } from "./session.js";
import { tell } from "./signals.js";

const BARRED_AFTER = 2;
const OPEN_WITHIN_MS = 15000;
const HEARD_WITHIN_MS = 5000;
const SOCKET_AGAIN_MS = 300000;
// What barred sockets on the page before bars them here, most likely: to find it out anew takes seconds.
let barred = load("polls", visit) ? BARRED_AFTER : 0;
let isAssumed = barred > 0;
let connecting = false;
let retry = null;

export function connect() {
  if (chat.link || connecting || chat.isBarred) return;
  clearTimeout(retry);
  connecting = true;
  chat.attempts += 1;
  tell("changed");
  if (barred >= BARRED_AFTER || !window.WebSocket) keepPolling();
  else openSocket();
}

// A page's policy that bars the socket may say so by an exception, by an event, or not at all.
function tryPolling() {
  barred = BARRED_AFTER;
  connecting = false;
  connect();
}

function lost() {
  stopAsking();
  chat.isLost ||= Boolean(chat.link);
  chat.link = null;
  connecting = false;
  if (chat.isBarred) return;
  tell("changed");
  const delay = Math.min(30, 2 ** Math.min(chat.attempts - 1, 5)) * (0.5 + Math.random() / 2);
  clearTimeout(retry);
  retry = setTimeout(connect, delay * 1000);
}

// A socket that does not open may be barred, or the service is away: then plain requests are not answered either.
async function unopened(tries) {
  if (await isReached(HEARD_WITHIN_MS)) barred += tries;
  connecting = false;
  if (barred >= BARRED_AFTER) connect();
  else lost();
}

function unbar() {
  barred = 0;
  keep("polls", "", visit);
}

const newSocket = () => new WebSocket(address("ws").replace(/^http/, "ws"));

function openSocket() {
  let socket;
  try {
    socket = newSocket();
  } catch {
    tryPolling();
    return;
  }
  let opened = false;
  // Over a dead wire the browser tells of a close only minutes later: whoever leaves a socket does not wait for that.
  const leave = (tries) => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    clearTimeout(unheard);
    clearTimeout(late);
    socket.close();
    if (opened) lost();
    else unopened(tries);
  };
  const unheard = setTimeout(leave, HEARD_WITHIN_MS, BARRED_AFTER);
  const late = setTimeout(leave, OPEN_WITHIN_MS);
  socket.onopen = () => { opened = true; clearTimeout(unheard); unbar(); socket.send(JSON.stringify(hello())); };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.type === "welcome") {
      clearTimeout(late);
      connecting = false;
      chat.link = { send: (said) => socket.readyState === 1 && socket.send(JSON.stringify(said)), close: leave };
    }
    take(frame);
  };
  socket.onclose = () => leave(1);
}

// What was in the way of sockets may be gone: whoever polls tries one now and then.
function trySocket(link) {
  try {
    const socket = newSocket();
    socket.onopen = () => { unbar(); socket.close(); link.close(); };
  } catch {
    // It is barred as before.
  }
}

async function keepPolling() {
  let mine = null;
  const again = setInterval(() => { if (mine) trySocket(mine); }, SOCKET_AGAIN_MS);
  await poll((link) => {
    connecting = false;
    chat.link = mine = link;
    keep("polls", "1", visit);
    if (isAssumed) trySocket(link);
    isAssumed = false;
  });
  clearInterval(again);
  if (chat.link === mine || connecting) lost();
}

// The page is shown again, or the network is back: is the connection still there?
export function lookAlive() {
  if (!chat.settings || document.visibilityState !== "visible") return;
  markRead();
  if (looksHere()) setUnread(0);
  if (chat.link) askIfThere();
  else if (chat.isOpen || load("active")) connect();
}
