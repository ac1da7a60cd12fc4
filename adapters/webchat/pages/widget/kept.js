// What outlives a reload, where the browser lets us keep anything; what is kept in `visit` ends with the tab.

import { base, inbox } from "./place.js";

const storage = (which) => {
  const kept = new Map();
  try {
    const found = window[which];
    found.setItem("trunkline", "");
    found.removeItem("trunkline");
    return found;
  } catch {
    return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
  }
};
const always = storage("localStorage");
export const visit = storage("sessionStorage");
const key = (what) => `trunkline.${base}.${inbox}.${what}`;

export const load = (what, where = always) => where.getItem(key(what)) || "";

export const keep = (what, value, where = always) => {
  try {
    if (value) where.setItem(key(what), value);
    else where.removeItem(key(what));
  } catch {
    // Full: it holds for this page alone.
  }
};
