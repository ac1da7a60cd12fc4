// Who the visitor is to the service, and whether anything is heard of it: the same over sockets and by plain requests.

import { chat } from "./chat.js";
import { load } from "./kept.js";
import { inbox } from "./place.js";
import { tell } from "./signals.js";

const ANSWER_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 10000;
const QUIET_MS = 30000;
let session = "";
let answered = null;
let heardMs = 0;

// Only what was welcomed on this page: what was kept may be of somebody else.
export const bearer = () => (session ? { Authorization: `Bearer ${session}` } : {});

export const hello = () => ({
  type: "hello", inbox, session: load("session") || session, after_seq: chat.afterSeq, left: chat.left,
  jwt: script.dataset.jwt || "", locale: chat.words.locale || "",
});

export const stopAsking = () => {
  clearTimeout(answered);
  answered = null;
};

export const noteHeard = () => {
  stopAsking();
  heardMs = performance.now();
};

export const take = (frame) => {
  noteHeard();
  if (frame.type === "welcome") session = frame.session;
  tell("heard", frame);
};

export function askIfThere() {
  const mine = chat.link;
  mine.send({ type: "ping" });
  answered ??= setTimeout(() => mine.close(), ANSWER_WITHIN_MS);
}

// A connection that dies in silence says nothing of it: it is asked, sooner where something waits to be taken.
setInterval(() => {
  const isUnderWay = chat.state.phase === "queued" || chat.state.phase === "connected";
  const quietMs = performance.now() - heardMs;
  if (chat.link && (chat.pending.size ? quietMs >= LOOK_EVERY_MS : isUnderWay && quietMs >= QUIET_MS)) askIfThere();
}, LOOK_EVERY_MS);
