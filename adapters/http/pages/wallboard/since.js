// Since when figures of today count: midnight, or later where the service keeps less than a day at hand; then the words say so.

import { queues, store } from "./store.js";
import { clock, t } from "./words.js";

/** The words of a key, or those of another, with the time, where the board's figures begin later than the day. */
export function ofToday(key, keySince) {
  const since = queues().reduce((latest, queue) => Math.max(latest, queue.counted_since_ns), 0);
  return since ? t(keySince, { time: clock(since / 1e6, store.board.time_zone) }) : t(key);
}
