// A contact that is over while somebody writes about it: it stays in front of them until they have written, so that not a
// word lands at another one. What was written of any that is over is taken still, late as it comes.

import { who } from "./people.js";
import { textField } from "./typed_ahead.js";
import { t } from "./words.js";

const AWAY_MS = 60_000;
const PANEL = ".conversation, .customer";
const inPanel = () => Boolean(document.activeElement?.closest(PANEL));

/** Whether the contact that is shown is in the middle of being written to, or about. */
const isWriting = () => Boolean(textField()?.value) && inPanel();

export class Over {
  constructor(desk) {
    this.desk = desk;
    this.writtenMs = 0;
    document.addEventListener("input", () => (this.writtenMs = performance.now()));
    document.addEventListener("focusout", () => setTimeout(() => this.isLeft() && this.leave()));
  }

  isLeft() {
    return Boolean(this.desk.open && this.desk.store.over && !inPanel());
  }

  /** Who has walked away from a field writes no more: what stands there is taken. */
  tick() {
    if (this.desk.store.over && performance.now() - this.writtenMs > AWAY_MS) this.leave();
  }

  /** Takes in what the service tells, and whatever was written of those who are gone by it. */
  takeItems(told) {
    const { store, acts } = this.desk;
    const before = new Map(store.contacts.map((contact) => [contact.id, contact]));
    const shown = store.current;
    const wasOver = store.over;
    const line = shown && document.activeElement.id === "line" ? textField() : null;
    const isUnsaid = shown && isWriting() && store.drafts.ids.has(shown.id) && !acts.lettingGo.has(shown.contact) && shown.id !== store.wanted;
    store.takeItems(told, isUnsaid ? shown : undefined, (id) => this.#takeWritten(id, before.get(id)));
    if (store.over && store.over !== wasOver) this.desk.complain(t("over.stays", { name: who(store.over) }));
    if (line && store.current?.id === shown.id && store.current.state === "wrapping") this.#cutOff(line);
  }

  // In the middle of a line its contact went into the wrap-up, which has none: what is typed on is for nobody, and no keys.
  #cutOff(line) {
    const { store, typedAhead } = this.desk;
    const text = line.value.trim();
    if (!text) return;
    store.drafts.lines.delete(store.chosen);
    line.value = "";
    typedAhead.halt(true);
    this.desk.complain(`${t("not_sent", { why: t("over.line") })} “${text}”`);
  }

  /** Nothing is left to write, or the place was left: what is written is taken, and the desk goes on. */
  leave() {
    const { store } = this.desk;
    const { over } = store;
    if (!over) return;
    if (inPanel()) textField()?.blur();
    this.#takeWritten(over.id, over);
    store.drafts.lines.delete(over.id);
    store.leaveOver();
    store.changed();
  }

  leaveWhenSaid() {
    const { over } = this.desk.store;
    if (over && !textField()?.value && !this.desk.store.drafts.ids.has(over.id)) this.leave();
  }

  // Notes and answers are the colleagues' to read; a line has nobody to go to.
  #takeWritten(id, contact) {
    const { store, parts } = this.desk;
    const { lines, notes, answers } = store.drafts;
    const line = lines.get(id)?.trim();
    if (line) this.desk.complain(`${t("not_sent", { why: t("over.line") })} “${line}”`);
    if (contact) {
      parts.conversation.wrapping.take(contact);
      parts.customer.saveNote(contact);
      return;
    }
    const words = [notes.get(id), ...Object.values(answers.get(id) ?? {})].filter(Boolean).join(" · "); // of before a reload
    if (words) this.desk.complain(`${t("not_sent", { why: t("over.line") })} “${words}”`);
  }
}
