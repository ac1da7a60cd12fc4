// The connection by plain requests, for those whose network bars WebSockets.

import { chat } from "./chat.js";
import { address, inbox } from "./place.js";
import { bearer, hello, noteHeard, take } from "./session.js";

// Polls are answered after 25 seconds, news or not.
const POLLED_WITHIN_MS = 40000;
const POSTED_WITHIN_MS = 15000;

// One request out of many that are stopped together, if this one takes too long.
async function requested(stop, url, withinMs, options = {}) {
  const late = setTimeout(() => stop.abort(), withinMs);
  try {
    const answer = await fetch(url, { ...options, signal: stop.signal });
    if (!answer.ok) throw new Error(answer.status);
    return await answer.json();
  } finally {
    clearTimeout(late);
  }
}

export const isReached = (withinMs) =>
  requested(new AbortController(), address(`inboxes/${encodeURIComponent(inbox)}`), withinMs).then(() => true, () => false);

// Returns once the connection is no more; `welcomed` is called with the link when there is one.
export async function poll(welcomed) {
  const stop = new AbortController();
  const ask = async (path, query, withinMs, options) => {
    const said = await requested(stop, address(path, query), withinMs, { ...options, headers: bearer() });
    noteHeard();
    return said;
  };
  const post = (frame) => ask("frames", {}, POSTED_WITHIN_MS, { method: "POST", body: JSON.stringify(frame) });
  let queue = Promise.resolve();
  const mine = {
    send: (frame) => { queue = queue.then(() => post(frame)).then(({ frames }) => frames.forEach(take)).catch(() => stop.abort()); },
    close: () => stop.abort(),
  };
  try {
    let batch = await post(hello());
    welcomed(mine);
    batch.frames.forEach(take);
    while (!stop.signal.aborted && !chat.isBarred) {
      batch = await ask("messages", { after_seq: chat.afterSeq, left: chat.left, seen: batch.seen }, POLLED_WITHIN_MS);
      batch.frames.forEach(take);
    }
  } catch {
    // The next try says so.
  }
}
