// The chat of a visitor who says nothing ends after a while. The service tells when: the page counts down, and says so in time.

import { chat } from "./chat.js";
import { tell } from "./signals.js";

const WARNED_MS = 60000;
let endsMs = Infinity; // by this page's clock, which differs from the service's
let warning = null;

const warnedAtMs = () => endsMs - Math.min(WARNED_MS, (chat.state.idle_limit_s || WARNED_MS) * 500);

export const endsSoon = () => chat.state.phase === "connected" && performance.now() >= warnedAtMs();

export function noteSilence(idle_ends_ms, now_ms) {
  endsMs = idle_ends_ms ? performance.now() + idle_ends_ms - now_ms : Infinity;
}

export function watchSilence() {
  clearTimeout(warning);
  const inMs = warnedAtMs() - performance.now();
  if (inMs > 0 && inMs < 86400000) warning = setTimeout(tell, inMs + 1, "changed");
}
