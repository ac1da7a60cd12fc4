// Times on the page that count on by themselves: how long something lasts, and how much of it is left.

import { duration } from "./words.js";

export function countOn(nowMs) {
  for (const place of document.querySelectorAll("[data-since]")) {
    const text = place.dataset.since === "0" ? "" : duration((nowMs - place.dataset.since / 1e6) / 1000);
    if (place.textContent !== text) place.textContent = text;
  }
  for (const place of document.querySelectorAll("[data-until]")) {
    const left = (place.dataset.until / 1e6 - nowMs) / 1000;
    if (place.tagName === "PROGRESS") place.value = Math.max(0, Math.min(1, left / ((place.dataset.until - place.dataset.from) / 1e9)));
    else place.textContent = duration(Math.ceil(left));
  }
}
