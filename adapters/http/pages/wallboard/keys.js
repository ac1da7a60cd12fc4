// Keys of one letter, which can be switched off, and the list of them.

import { $, el } from "./dom.js";
import { t } from "./words.js";
import { tell, may, kioskTicket } from "./supervise.js";
import { ORDER, SIGN } from "./states.js";

const KEPT = "trunkline-keys";
const KEYS = { f: "do-full", h: "do-theme", r: "do-replay", s: "do-sound", i: "do-privacy", p: "pause" };
const on = () => { try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; } };

export function begin(help) {
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.target.isContentEditable;
    if (!on() || typing || event.ctrlKey || event.altKey || event.metaKey || $("dialog").open) return;
    if (event.key === "?") help();
    else if (KEYS[event.key]) $(KEYS[event.key])?.click();
    else return;
    event.preventDefault();
  });
}

export function help() {
  const rows = [["?", "help"], ["f", "full"], ["h", "key_theme"], ["r", "replay"], ["s", "sound"], ["i", "privacy"], ["p", "rotate_pause"]];
  const swap = el("input", { type: "checkbox", id: "d-keys", on: { change: (event) => { try { localStorage.setItem(KEPT, event.target.checked ? "on" : "off"); } catch { /* for this visit */ } } } });
  swap.checked = on();
  const nodes = [el("dl", { class: "keys" }, ...rows.flatMap(([key, words]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, t(words))])),
    el("p", {}, el("label", { class: "check" }, swap, t("keys_on"))), el("p", { class: "quiet" }, t("help_levels")),
    el("p", { class: "quiet" }, ORDER.map((state) => `${SIGN[state]} ${t(`state_${state}`)}`).join(", "))];
  if (may()) nodes.push(el("p", {}, el("button", { type: "button", class: "order", on: { click: () => { $("dialog").close(); kioskTicket(); } } }, t("kiosk_new"))));
  tell(t("help"), nodes);
}
