// Single keys, which do nothing while somebody writes, and can be switched off; with Alt, letters do the same everywhere.

import { mayOpenCase, mayResolve, settle } from "./cases.js";
import { openCaseDialog } from "./case_dialogs.js";
import { helpDialog } from "./help_dialog.js";
import { mayHold } from "./people.js";
import { ofBrowser } from "./storage.js";
import { transferDialog } from "./transfer_dialog.js";
import { placeOf, textField } from "./typed_ahead.js";

const OFF = "trunkline-desk-keys-off";
const WRITES = "input, textarea, select, [contenteditable]";
const LETTER = /^[a-z]$/;

// With Alt some keyboards write another sign; then the key's place says which letter it is.
function withAlt(event) {
  const written = event.key.toLowerCase();
  return LETTER.test(written) ? written : event.code.replace(/^Key/, "").toLowerCase();
}

// An input method that composes may leave a key its place alone, or give it a letter of its own.
function plain(event) {
  if (event.key !== "Process" && !/^[^\x20-\x7e]$/u.test(event.key)) return event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.code.replace(/^(Key|Digit)/, "").toLowerCase();
}

const isText = (event) => event.key.length === 1 || event.key === "Process" || event.key === "Dead";

// What each key does now; a key that does nothing has no handler.
function handlersOf(desk, event) {
  const { store, acts, parts } = desk;
  const offer = acts.nextOffer;
  const contact = store.current;
  const served = !contact?.over && (contact?.state === "connected" || contact?.state === "held") ? contact : undefined;
  const held = store.held;
  const step = (by) => held.length && desk.choose(held.at((held.findIndex((one) => one.id === store.chosen) + by + held.length) % held.length).id);
  return {
    a: offer && !offer.at_phone ? () => acts.accept(offer, event.key === "Process") : undefined,
    d: offer ? () => acts.decline(offer) : undefined,
    p: () => parts.state.toggle(true),
    r: () => acts.do({ verb: "status", status: "available" }),
    t: served ? () => transferDialog(desk, served) : undefined,
    e: served ? () => acts.end(served) : undefined,
    h: mayHold(served) ? () => acts.hold(served) : undefined,
    ...Object.fromEntries([...Array(9).keys()].map((index) => [String(index + 1), () => parts.conversation.wrapping.pick(index)])),
    f: contact?.state === "wrapping" ? () => acts.finish(contact) : undefined,
    c: mayOpenCase(desk, contact) ? () => openCaseDialog(desk, contact) : undefined,
    s: mayResolve(served) ? () => settle(desk, served, Number(served.attributes.case_id), "resolve_case") : undefined,
    w: served ? () => parts.conversation.focus() : undefined,
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    "?": () => helpDialog(desk),
  };
}

function listen(desk, keys) {
  const root = document.documentElement;
  document.addEventListener("focusin", (event) => root.toggleAttribute("data-writing", Boolean(event.target.closest?.(WRITES))));
  document.addEventListener("focusout", () => root.toggleAttribute("data-writing", false));
  let done = ""; // the key that is down and did something: held, it does no more, nor is it text where the focus went
  document.addEventListener("keydown", (event) => {
    if (!event.repeat) done = "";
    else if (event.code === done) return event.preventDefault();
    const place = placeOf(event.target);
    const isTyped = !event.altKey && isText(event);
    if (isTyped && place.closest?.(WRITES)) desk.typedAhead.typed();
    if (event.ctrlKey || event.metaKey || event.isComposing || !desk.open) return;
    if (place.closest?.("dialog")) return;
    if (event.key === "Escape" && place === textField() && place.closest("#room")) {
      place.blur();
      return;
    }
    const { acts, typedAhead } = desk;
    if (event.altKey || event.key === "Escape" || event.key === "Tab" || event.key.startsWith("Arrow")) typedAhead.free();
    if (!event.altKey && place.closest?.(WRITES)) return;
    if (isTyped && acts.openLine()) return; // it goes there
    if (!event.altKey && !keys.on) return;
    if (isTyped && acts.isLineless) typedAhead.waitForPause();
    if (isTyped && typedAhead.isMeant()) {
      event.preventDefault();
      return;
    }
    if (event.repeat && !event.key.startsWith("Arrow")) return; // of a text that is gone
    const key = event.altKey ? withAlt(event) : plain(event);
    if (event.altKey && !LETTER.test(key)) return;
    const handler = handlersOf(desk, event)[key];
    if (!handler || handler() === false) return;
    event.preventDefault();
    if (!event.key.startsWith("Arrow")) done = event.code;
  });
  document.addEventListener("keyup", (event) => desk.open && event.code === done && desk.acts.openLine());
}

export class Keys {
  constructor(desk) {
    this.on = ofBrowser.get(OFF) === null;
    listen(desk, this);
  }

  set(on) {
    this.on = on;
    if (on) ofBrowser.remove(OFF);
    else ofBrowser.set(OFF, "1");
  }
}
