// A contact that is over while somebody writes about it: it stays in front of them until they have written, so that not a
// word lands at another one. What was written of any that is over is taken still, late as it comes.

import { textField } from "./typed_ahead.js";
import { saying } from "./words.js";

const AWAY_MS = 60_000;
const PANEL = ".conversation, .customer, dialog[data-contact]";
const inPanel = () => Boolean(document.activeElement?.closest(PANEL));

/** Whether the contact that is shown is in the middle of being written to, or about. */
const isWriting = () => Boolean(textField()?.value) && inPanel();

/** Whether a window with fields asks about a contact; it stays until it is left. */
const isAsking = (id) => Boolean(document.querySelector(`dialog[data-contact="${id}"] :is(input, textarea)`));

/** What notices of one contact that is over are about: one of them at a time says enough. */
export const aboutEnd = (id) => `over ${id}`;

export class Over {
  constructor(desk) {
    this.desk = desk;
    this.writtenMs = 0;
    document.addEventListener("input", () => (this.writtenMs = performance.now()));
    const look = () => setTimeout(() => this.desk.open && this.left());
    document.addEventListener("focusout", look);
    document.addEventListener("close", look, true); // of a window: the cursor may have been nowhere before
  }

  left() {
    if (this.desk.store.over && !inPanel()) this.leave();
    this.#dropLine();
    this.desk.store.changed(); // the line of a wrap-up goes with the cursor
  }

  /** Who has walked away from a field writes no more: what stands there is taken. */
  tick() {
    const { over } = this.desk.store;
    if (over && !isAsking(over.id) && performance.now() - this.writtenMs > AWAY_MS) this.leave();
  }

  /** Takes in what the service tells, and whatever was written of those who are gone by it. */
  takeItems(told) {
    const { store, acts } = this.desk;
    const before = new Map(store.contacts.map((contact) => [contact.id, contact]));
    const shown = store.current;
    const wasOver = store.over;
    const isUnsaid = shown && ((isWriting() && store.drafts.ids.has(shown.id)) || isAsking(shown.id)) && !acts.lettingGo.has(shown.contact) && shown.id !== store.wanted;
    store.takeItems(told, isUnsaid ? shown : undefined, (id) => this.#takeWritten(id, before.get(id)));
    const isOver = store.over && store.over !== wasOver;
    const isCutOff = shown?.state === "connected" && store.current?.id === shown.id && store.current.state === "wrapping" && document.activeElement?.id === "line" && isWriting();
    if ((isOver && !isAsking(shown.id)) || isCutOff) this.desk.complain(saying("over.stays", { name: this.desk.names.there(shown) }), "", aboutEnd(shown.id));
  }

  // A line that was being written when its contact went into the wrap-up stood in its field until that was left.
  #dropLine() {
    const { store } = this.desk;
    const contact = store.current;
    const text = store.drafts.lines.get(contact?.id);
    if (contact?.state !== "wrapping" || contact.over || text === undefined || document.activeElement?.id === "line") return;
    store.drafts.lines.delete(contact.id);
    if (text.trim()) this.desk.complain(saying("over.line"), text.trim(), aboutEnd(contact.id));
    store.changed();
  }

  /** Nothing is left to write, or the place was left: what is written is taken, and the desk goes on. */
  leave() {
    const { store } = this.desk;
    const { over } = store;
    if (!over) return;
    if (inPanel()) textField()?.blur();
    this.#takeWritten(over.id, over);
    store.drafts.lines.delete(over.id);
    this.desk.parts.conversation.again();
    store.leaveOver();
    store.changed();
  }

  leaveWhenSaid() {
    const { over } = this.desk.store;
    if (over && !textField()?.value && !isAsking(over.id) && !this.desk.store.drafts.ids.has(over.id)) this.leave();
  }

  // Notes and answers are the colleagues' to read; a line has nobody to go to. Whether the contact has ended or went back to its
  // queue, as with a closed desk, nobody here knows.
  #takeWritten(id, contact) {
    const { store, parts } = this.desk;
    const { lines, notes, answers } = store.drafts;
    for (const words of [lines.get(id)?.trim(), ...store.drafts.asked(id)]) {
      if (words) this.desk.complain(saying("over.line"), words, aboutEnd(id));
    }
    if (contact) {
      parts.conversation.wrapping.take(contact);
      parts.customer.saveNote(contact);
      return;
    }
    const words = [notes.get(id), ...Object.values(answers.get(id) ?? {})].filter(Boolean).join(" · "); // of before a reload
    if (words) this.desk.complain(saying("over.line"), words);
  }
}
