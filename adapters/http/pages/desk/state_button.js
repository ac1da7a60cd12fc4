// The agent's own state: what they chose, what follows from it, for how long, and the choice of another one.

import { el, fill } from "./dom.js";
import { isSetAside } from "./set_aside.js";
import { t } from "./words.js";

const ICONS = { offline: "○", paused: "❚❚", idle: "●", offered: "◉", busy: "◆", wrapping: "✎", not_responding: "!", unreachable: "✕" };

// What is in hand is done first.
const inHand = (agent) => ["busy", "wrapping", "offered"].includes(agent.state);
const pausesLater = (agent) => agent.status !== "available" && inHand(agent);
const losesCalls = (agent) => agent.has_phone && !agent.reachable && inHand(agent);

export function stateButton(desk) {
  const word = el("span", { class: "state-word" });
  const reason = el("span", { class: "state-reason" });
  const timer = el("span", { class: "state-timer" });
  const icon = el("span", { class: "state-icon", "aria-hidden": "true" });
  const button = el(
    "button",
    { type: "button", class: "state", id: "state", "aria-haspopup": "true", "aria-expanded": "false", "aria-controls": "state-menu", on: { click: () => toggle() } },
    icon,
    el("span", { class: "state-text" }, word, reason),
    timer,
    el("span", { class: "chevron", "aria-hidden": "true" }, "▾"),
  );
  const menu = el("div", { id: "state-menu", class: "menu", hidden: true, role: "group" });
  const place = el("div", { class: "state-place" }, button, menu);

  function toggle(open = menu.hidden) {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector("button")?.focus();
  }

  function choose(status, why = "") {
    toggle(false);
    button.focus();
    desk.acts.do({ verb: "status", status, reason: why });
  }

  function choice(label, status, why, chosen) {
    return el(
      "button",
      { type: "button", class: `choice of-${status}`, "aria-pressed": String(chosen), on: { click: () => choose(status, why) } },
      el("span", { class: "mark", "aria-hidden": "true" }, chosen ? "✓" : ""),
      label,
    );
  }

  place.addEventListener("keydown", (event) => {
    const choices = [...menu.querySelectorAll("button")];
    const at = choices.indexOf(document.activeElement);
    if (event.key === "Escape" && !menu.hidden) {
      toggle(false);
      button.focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (menu.hidden) toggle(true);
      else choices.at((at + (event.key === "ArrowDown" ? 1 : -1) + choices.length) % choices.length)?.focus();
      event.preventDefault();
    }
  });
  document.addEventListener("pointerdown", (event) => place.contains(event.target) || toggle(false), { signal: desk.standing.signal });

  function render() {
    const { agent, house } = desk.store;
    if (!agent) return;
    button.dataset.state = agent.state;
    icon.textContent = ICONS[agent.state] ?? "";
    word.textContent = t(`state.${agent.state}`);
    const setAside = isSetAside(agent, desk.store.nowMs());
    if (losesCalls(agent)) reason.textContent = t("state.unreachable");
    else reason.textContent = agent.reason && agent.status === "paused" ? agent.reason : pausesLater(agent) || setAside ? t("pauses_later") : "";
    timer.dataset.since = String(agent.since_ns);
    const reasons = house?.pause_reasons ?? [];
    const paused = agent.status === "paused";
    menu.setAttribute("aria-label", t("choose_state"));
    const signature = JSON.stringify([agent.status, agent.reason, setAside, reasons, document.documentElement.lang]);
    if (menu.dataset.signature === signature) return;
    menu.dataset.signature = signature;
    fill(
      menu,
      choice(t("status.available"), "available", "", agent.status === "available" && !setAside),
      reasons.length
        ? reasons.map((one) => choice(t("paused_for", { reason: one }), "paused", one, paused && agent.reason === one))
        : choice(t("status.paused"), "paused", "", paused),
      choice(t("status.offline"), "offline", "", agent.status === "offline"),
    );
  }
  return { place, render, toggle };
}
