// What outlives a reload, where the browser lets us keep anything; what is kept in `visit` ends with the tab. Each customer
// whom the site has signed in has their own, and finds what they left before that; it is forgotten on the first page that is
// somebody else's, or nobody's.

import { base, inbox } from "./place.js";

// The service judges the identity; here it only tells one customer from another.
function subjectOf(jwt) {
  try {
    return String(JSON.parse(atob(jwt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub);
  } catch {
    return "";
  }
}

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
const ours = `trunkline.${base}.${inbox}.`;
const subject = script.dataset.jwt ? subjectOf(script.dataset.jwt) : "";
const key = (what) => ours + what + (subject && ` ${subject}`);

for (const where of [always, visit]) {
  for (const name of Object.keys(where).filter((one) => one.startsWith(ours))) {
    const [, what, whose] = /^([a-z]+)(?: (.*))?$/s.exec(name.slice(ours.length)) ?? [];
    if (!what || (whose ?? "") === subject) continue;
    if (!whose && !where.getItem(key(what))) keep(what, where.getItem(name), where);
    where.removeItem(name);
  }
}

export const load = (what, where = always) => where.getItem(key(what)) || "";

// What another tab of the visitor keeps from now on.
export const heed = (what, heard) => window.addEventListener("storage", (event) => { if (event.key === key(what)) heard(event.newValue || ""); });

export function keep(what, value, where = always) {
  try {
    if (value) where.setItem(key(what), value);
    else where.removeItem(key(what));
  } catch {
    // Full: it holds for this page alone.
  }
}
