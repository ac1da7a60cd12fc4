// The screens of a board: which blocks stand where, and the change from one screen to the next.

import { $, el, mark, show } from "./dom.js";
import { t } from "./words.js";

const LEFT = ["queues", "agents", "chart", "quality"];
let all = [], blocks = {}, at = 0, timer = 0, everyMs = 0, paused = false, pause = null;

/** Lays out `screens`; `made` are the blocks by name. Rotation stops while paused, and while somebody is in a block or a dialog. */
export function lay(screens, rotateS, made) {
  [all, blocks, everyMs] = [screens, made, rotateS * 1000];
  at = Math.min(at, all.length - 1);
  const tabs = $("screens");
  tabs.replaceChildren();
  if (all.length > 1) {
    all.forEach((screen, place) => tabs.append(el("button", { type: "button", class: "tab", on: { click: () => { at = place; fill(); again(); } } }, nameOf(screen, place))));
    if (everyMs) {
      pause = el("button", { type: "button", class: "tool", id: "pause", on: { click: () => { paused = !paused; told(); again(); } } });
      tabs.append(pause);
      told();
    }
  }
  show(tabs, all.length > 1);
  fill();
  again();
}

/** Changes screens no more, until they are laid out anew. */
export function stop() {
  clearInterval(timer);
}

const nameOf = (screen, place) => (["now", "today", "quality"].includes(screen.name) ? t(`screen_${screen.name}`) : screen.name || String(place + 1));

function told() {
  pause.textContent = paused ? "▶" : "❚❚";
  const name = t(paused ? "rotate_on" : "rotate_pause");
  pause.setAttribute("aria-label", name);
  pause.title = name;
}

function again() {
  clearInterval(timer);
  if (everyMs && all.length > 1 && !paused) timer = setInterval(() => {
    if (document.querySelector("dialog[open]") || document.activeElement?.closest?.("main")) return;
    at = (at + 1) % all.length;
    fill();
  }, everyMs);
}

function fill() {
  const wanted = all[at].blocks.filter((name) => blocks[name]);
  const places = { top: [], left: [], right: [] };
  for (const name of wanted) places[name === "tiles" ? "top" : LEFT.includes(name) ? "left" : "right"].push(blocks[name].node);
  if (!places.left.length) [places.left, places.right] = [places.right, []];
  for (const [place, nodes] of Object.entries(places)) $(place).replaceChildren(...nodes);
  mark($("columns"), "data-columns", places.right.length ? "2" : "1");
  [...$("screens").querySelectorAll(".tab")].forEach((tab, place) => mark(tab, "aria-current", place === at ? "true" : ""));
  for (const name of wanted) blocks[name].shown?.();
}

/** Goes to the screen that has a block, if it is not here. */
export function reveal(name) {
  if (all[at].blocks.includes(name)) return;
  const found = all.findIndex((screen) => screen.blocks.includes(name));
  if (found < 0) return;
  at = found;
  fill();
  again();
}

export const visible = () => all[at]?.blocks.filter((name) => blocks[name]) ?? [];
