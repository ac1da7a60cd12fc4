// What outlives a reload, where the browser lets us keep anything.

import { base, inbox } from "./place.js";

const storage = (() => {
  const kept = new Map();
  try {
    const found = window.localStorage;
    found.setItem("trunkline", "");
    found.removeItem("trunkline");
    return found;
  } catch {
    return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
  }
})();
const key = (what) => `trunkline.${base}.${inbox}.${what}`;

export const load = (what) => storage.getItem(key(what)) || "";

export const keep = (what, value) => {
  try {
    if (value) storage.setItem(key(what), value);
    else storage.removeItem(key(what));
  } catch {
    // Full: it holds for this page alone.
  }
};
