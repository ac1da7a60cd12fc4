// A session ends at a time that is known: it is said before, once politely and once urgently, and never takes the focus.

import { dialog } from "./dialogs.js";
import { el } from "./dom.js";
import { signInView } from "./sign_in.js";
import { say } from "./speech.js";
import { clock, t } from "./words.js";

const WARN_MS = 300_000;
const URGENT_MS = 60_000;

/** Asks once more who sits here, and hands the new session on. */
function signInDialog(desk, then) {
  const shown = dialog(t("sign_in_again"), signInView((session) => (shown.close(), then(session)), { who: desk.me, within: "div" }));
}

export function sessionEnd(desk) {
  const said = el("span", {});
  const again = el("button", { type: "button", class: "quiet", on: { click: () => signInDialog(desk, renewed) } });
  const place = el("p", { class: "session-end", hidden: true }, said, again);
  let untilMs = Infinity;
  let announced = "";

  // The socket goes on under the new session, here and in the agent's other tabs.
  function renewed(session) {
    if (session.agent !== desk.me) return desk.enter(session);
    desk.tabs.renewed(session);
    renew(session);
    if (desk.store.current) desk.parts.conversation.focus();
  }

  function renew(session) {
    follow(session.until_ns);
    desk.wire.open();
  }

  function follow(untilNs) {
    untilMs = untilNs / 1e6;
    render();
  }

  function render() {
    const leftMs = untilMs - desk.store.nowMs();
    const isDue = leftMs < WARN_MS;
    place.hidden = !isDue;
    if (!isDue) {
      announced = "";
      return;
    }
    const words = t("session_ends", { time: clock(untilMs * 1e6) });
    if (said.textContent !== words) said.textContent = words;
    if (again.textContent !== t("sign_in_again")) again.textContent = t("sign_in_again");
    const region = leftMs < URGENT_MS ? "urgent" : "polite";
    if (announced === region) return;
    announced = region;
    say(region, words);
  }
  return { place, render, follow, renew };
}
