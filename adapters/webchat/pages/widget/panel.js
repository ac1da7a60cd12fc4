// The parts of the page that are always there: the button, the panel, its head, the conversation and what is said of it.

import { chat, say } from "./chat.js";
import { icon, make } from "./dom.js";
import { wholePage } from "./place.js";
import { endsSoon } from "./silence.js";
import { dress } from "./style.js";

export const host = make("div", { id: "trunkline-chat", hidden: true });
export const root = host.attachShadow({ mode: "open" });
export const log = make("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" });
export const status = make("p", { class: "status", role: "status", tabindex: "-1" });
export const notices = make("div", { class: "notices", role: "status", hidden: true });
export const area = make("div", { class: "area" });
export const title = make("h2", { id: "title", tabindex: "-1" });
export const endButton = make("button", { type: "button", class: "quiet", hidden: true });
export const closeButton = make("button", { type: "button", class: "quiet icon" }, icon("M5 11h14v2H5z"));
export const panel = make(
  "section",
  { class: "panel", role: "dialog", "aria-labelledby": "title", id: "panel", hidden: true },
  make("header", {}, title, endButton, closeButton), notices, log, status, area,
);
const badge = make("span", { class: "badge", hidden: true });
export const launcher = make(
  "button",
  { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel" },
  icon("M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z"), badge,
);
const spoken = make("p", { class: "unseen", role: "status" });

export function build() {
  root.append(panel, launcher, spoken);
  if (wholePage) host.classList.add("whole");
  dress(root);
}

// What the button does, how much there is to read, and whether it is high time: its words are all that is heard of it, the
// badge is not. Who is elsewhere on the page hears them, too, while the chat is folded.
export function nameLauncher() {
  const isLate = !chat.isOpen && endsSoon();
  const words = chat.isOpen ? say("close") : chat.unread ? say("open_unread", { count: chat.unread }) : say("open");
  const label = isLate ? `${words}. ${say("idle_soon")}` : words;
  launcher.setAttribute("aria-label", label);
  badge.textContent = String(chat.unread || "!");
  badge.hidden = !(chat.unread || isLate);
  const news = chat.isOpen || badge.hidden ? "" : label;
  if (spoken.textContent !== news) spoken.textContent = news; // what is said once is not said again
}

export function setUnread(count) {
  chat.unread = count;
  nameLauncher();
}
