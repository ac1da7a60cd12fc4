// The chat of a visitor who answers nothing ends after a while: the page says so in time. What is only typed is no answer.

import { chat } from "./chat.js";
import { tell } from "./signals.js";

const WARNED_MS = 60000;
let askedMs = null; // when the agent wrote last, where the visitor has not answered
let warning = null;

const warnedAtMs = () => {
  const limitMs = (chat.state.idle_limit_s || 0) * 1000;
  return limitMs && askedMs !== null ? askedMs + Math.max(limitMs / 2, limitMs - WARNED_MS) : Infinity;
};

export const endsSoon = () => chat.state.phase === "connected" && performance.now() >= warnedAtMs();

// Clocks differ: of a line that comes as it is written the page's own says when that was.
export function noteLine({ by, seq, at_ms }) {
  if (by === "system") return;
  const ageMs = seq > chat.welcomedSeq ? 0 : Math.max(0, Date.now() - at_ms);
  const was = endsSoon();
  askedMs = by === "agent" ? performance.now() - ageMs : null;
  watchSilence();
  if (was) tell("changed");
}

export function watchSilence() {
  clearTimeout(warning);
  const inMs = warnedAtMs() - performance.now();
  if (inMs > 0 && inMs < 86400000) warning = setTimeout(tell, inMs + 1, "changed");
}
