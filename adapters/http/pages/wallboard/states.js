// The states of agents: their order, their signs, and how many are in each, in one set of words wherever they are told.

import { el, put, mark, keyed } from "./dom.js";
import { t, number } from "./words.js";

export const ORDER = ["not_responding", "unreachable", "offered", "busy", "wrapping", "idle", "paused", "offline"];
export const SIGN = { idle: "●", offered: "♪", busy: "◉", wrapping: "✎", paused: "‖", offline: "○", not_responding: "!", unreachable: "✕" };
/** What somebody should look after: told in words even where signs have to do for the others. */
const AMISS = new Set(["not_responding", "unreachable"]);

/** Writes `counts`, [state, how many], as signs and numbers; `inWords`: what is amiss in words, too. None is left out but zeros. */
export function tell(place, counts, inWords) {
  const told = counts.map(([, count]) => count).join();
  if (place.counts === told) return; // drawn ten times a second, and seldom another
  place.counts = told;
  keyed(place, counts.filter(([, count]) => count), ([state]) => state, ([state]) => make(state, inWords && AMISS.has(state)), (view, [, count]) => put(view.count, number(count)));
  mark(place, "title", counts.filter(([, count]) => count).map(([state, count]) => `${number(count)} ${t(`state_${state}`)}`).join(", "));
}

function make(state, named) {
  const count = el("span"), word = el("span", { class: named ? "" : "unseen" }, `${t(`state_${state}`)}${named ? "" : ", "}`);
  return { node: el("span", { class: "counted", "data-state": state }, el("span", { class: "sign", "aria-hidden": "true" }, SIGN[state]), count, word), count };
}
