// Which key does what, and whether single keys do anything.

import { dialog } from "./dialogs.js";
import { el } from "./dom.js";
import { t } from "./words.js";

const KEYS = [
  ["A", "key_accept"],
  ["D", "key_decline"],
  ["P", "key_pause"],
  ["R", "key_ready"],
  ["T", "transfer"],
  ["E", "key_end"],
  ["H", "key_hold"],
  ["1–9", "key_codes"],
  ["F", "finish"],
  ["↑ ↓", "key_contacts"],
  ["W", "key_write"],
  ["C", "open_case"],
  ["S", "resolve_case"],
  ["?", "key_help"],
];

function keyTable() {
  const head = el("tr", {}, el("th", { scope: "col" }, t("key")), el("th", { scope: "col" }, t("does")));
  const rows = KEYS.map(([key, word]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, key)), el("td", {}, t(word))));
  const caption = el("caption", { class: "unseen" }, t("keys_title"));
  return el("table", { class: "keys" }, caption, el("thead", { class: "unseen" }, head), el("tbody", {}, rows));
}

export function helpDialog(desk) {
  const change = (event) => desk.keys.set(event.target.checked);
  const on = el("input", { type: "checkbox", id: "keys-on", checked: desk.keys.on, on: { change } });
  const choice = el("label", { class: "switch", for: "keys-on" }, on, t("keys_on"));
  dialog(t("keys_title"), keyTable(), choice, el("p", { class: "empty" }, t("keys_note")));
}
