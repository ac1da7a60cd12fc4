// What a person has switched on this page: kept in their browser, and where they have not, as the board says.

import { store } from "./store.js";
import { initials } from "./words.js";

const kept = (key) => { try { return localStorage.getItem(`trunkline-${key}`); } catch { return null; } };
export const keep = (key, value) => { try { localStorage.setItem(`trunkline-${key}`, value); } catch { /* for this visit alone */ } };

export function language() {
  return kept("language") ?? (store.board?.language === "auto" || !store.board ? navigator.language : store.board.language);
}
export const theme = () => kept("theme") ?? store.board?.theme ?? "auto";
export const soundOn = () => (kept("sound") ?? String(Boolean(store.board?.sound))) === "true";
/** Whether people are named by their initials alone, and nothing is shown of what they wrote. */
export const privacy = () => (kept("privacy") ?? String(Boolean(store.board?.privacy))) === "true";
/** A person's name as it may be shown; what the service has shortened for a screen in public stays as it is. */
export const person = (name) => (name && privacy() && !store.board?.unnamed ? initials(name) : name);
