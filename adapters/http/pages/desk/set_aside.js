// That nothing is offered to an agent because offers went unanswered: said above everything as long as it holds, as with contacts
// in hand nothing else shows it.

import { el, fill } from "./dom.js";
import { clock, language, t } from "./words.js";

const SHORT_MS = 60_000; // the breath after one that was declined or missed is over before it is read

/** Whether offers stay away for longer than a breath; `suspended_until_ns` is -1 until a state is chosen, 0 for nobody. */
export function isSetAside({ suspended_until_ns: untilNs }, nowMs) {
  return untilNs < 0 || untilNs / 1e6 - nowMs > SHORT_MS;
}

export function setAsideView(desk) {
  const place = el("section", { class: "notices", role: "status", hidden: true });
  let shown = "";

  function render() {
    const { agent } = desk.store;
    place.hidden = !agent || !isSetAside(agent, desk.store.nowMs());
    const until = place.hidden ? 0 : agent.suspended_until_ns;
    const signature = `${until} ${language}`;
    if (signature === shown) return;
    shown = signature;
    if (!until) return place.replaceChildren();
    const words = until < 0 ? t("set_aside") : t("set_aside_until", { time: clock(until) });
    const ready = () => desk.acts.do({ verb: "status", status: "available" });
    fill(place, el("p", { class: "in-force set-aside" }, el("span", {}, words), el("button", { type: "button", class: "primary", on: { click: ready } }, t("status.available"), el("kbd", { "aria-hidden": "true" }, "R"))));
  }
  return { place, render };
}
