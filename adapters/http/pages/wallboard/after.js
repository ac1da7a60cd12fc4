// What an agent's state hides while something is in hand: that the agent leaves afterwards, that the phone is lost, a wrap-up that nobody ends.

import { store, ageS, nowMs } from "./store.js";
import { t, duration } from "./words.js";

const IN_HAND = new Set(["offered", "busy", "wrapping"]);
/** The reason that the service gives where it sets offline who has no desk open any more. */
const DESK_CLOSED = "desk closed";
const BREATH_MS = 60_000; // the breath after one offer that was missed is over before it is read

const setAside = ({ status, suspended_until_ns: until }) => status === "available" && (until < 0 || until / 1e6 - nowMs() > BREATH_MS);
const leaves = ({ status, reason }) => {
  if (status === "offline") return t(reason === DESK_CLOSED ? "then_desk_closed" : "then_offline");
  return reason ? t("then_reason", { reason }) : t("then_paused");
};

/** [[state, words]]: what somebody should look after first, then what comes next; states as squares have them. */
export function after(agent) {
  if (!IN_HAND.has(agent.state)) return [];
  const found = [];
  if (agent.reachable === false) found.push(["unreachable", t("state_unreachable")]);
  if (setAside(agent)) found.push(["not_responding", t("state_not_responding")]);
  const limit = store.board?.time_limits_s.wrapping ?? 0;
  if (agent.state !== "wrapping" && agent.wrapping_since_ns && limit && ageS(agent.wrapping_since_ns) >= limit) {
    found.push(["wrapping", `${t("state_wrapping")} ${duration(ageS(agent.wrapping_since_ns))}`]);
  }
  if (agent.status === "offline" || agent.status === "paused") found.push([agent.status, leaves(agent)]);
  return found;
}
