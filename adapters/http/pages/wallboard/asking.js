// What a block asks for by itself: now from time to time, and in a replay once the moment shown is another.

import { store } from "./store.js";
import { get } from "./link.js";
import { followed } from "./reading.js";

const AGAIN_PAST_MS = 900;

/**
 * Returns what asks, if it is time or `force` says so. `address` is given the parameter of the moment shown, or "".
 * `take` is given what was answered; in a replay null where that moment cannot be told. Now, what is known stands.
 * `say` is given words of how far the log is read for a moment, where that takes long.
 */
export function asking(everyMs, address, take, say = () => {}) {
  let asked = 0, askedOf = null, busy = false, again = false, later = 0;

  async function refresh(force = false) {
    const past = store.pastMs, rest = force ? 0 : asked + (past === null ? everyMs : AGAIN_PAST_MS) - Date.now();
    again ||= busy && force;
    if (busy || (!force && past !== null && past === askedOf)) return;
    if (rest > 0) {
      if (past !== null) later ||= setTimeout(() => { later = 0; refresh(); }, rest);
      return;
    }
    [asked, askedOf, busy] = [Date.now(), past, true];
    try {
      take(await (past === null ? get(address("")) : followed(get(address(`at=${Math.round(past)}000000`)), past, say)));
    } catch {
      if (past === null) asked -= everyMs / 2;
      else {
        askedOf = null;
        take(null);
      }
    } finally {
      busy = false;
    }
    const forced = again;
    again = false;
    if (forced || (store.pastMs !== null && store.pastMs !== askedOf)) refresh(forced);
  }
  return refresh;
}
