// What an agent does with contacts, and what is said where it comes to nothing.

import { sureDialog } from "./dialogs.js";
import { wrongOf } from "./outbox.js";
import { who } from "./people.js";
import { textField } from "./typed_ahead.js";
import { t } from "./words.js";

const LAST_MS = 2500; // before a wrap-up runs out: what is written then is taken, over a slow network, too

export class Acts {
  constructor(desk) {
    this.desk = desk;
    this.finishing = new Set();
    this.beside = new Set(); // accepted in the middle of a text for somebody else
  }

  begin() {
    this.finishing.clear();
    this.beside.clear();
  }

  /** Does it, and returns the answer. */
  async do(command) {
    const { outbox } = this.desk;
    const told = await outbox.do(command);
    if (wrongOf(told) && this.desk.outbox === outbox) this.lost(command, command.contact_id, wrongOf(told));
    return told;
  }

  // A line and a note of a contact that is here stand there still; what has no other place any more is told with its words.
  lost(command, contactId, why) {
    const isHere = this.desk.store.items.has(`contact:${contactId}`);
    if (isHere && command.verb === "say") return;
    const words = [command.text, command.subject, command.resolution, command.reason, ...Object.values(command.fields ?? {})].filter(Boolean).join(" · ");
    const isThere = isHere && command.verb === "note";
    if (isThere) this.desk.store.takeBack(command);
    this.desk.complain(words && !isThere ? `${t("not_sent", { why })} “${words}”` : why);
  }

  // In the middle of a text, that goes on. Otherwise, until it is known whether they have it, what they type is for nobody
  // else: it is kept for the line to write.
  async accept(contact) {
    const { typedAhead } = this.desk;
    const field = textField();
    if (field?.value) this.beside.add(contact.id);
    else {
      typedAhead.begin(contact.id, field?.id === "line");
      if (field && !typedAhead.isInLine) field.blur();
    }
    const told = await this.do({ verb: "accept", contact: contact.contact });
    if (!told.error && !told.refused) return;
    this.beside.delete(contact.id);
    if (typedAhead.wanted === contact.id) this.#missed();
  }

  // What was typed for it into a line of another one is nobody's, and so is what is typed on.
  #missed() {
    const { store, typedAhead, parts } = this.desk;
    if (typedAhead.isInLine) {
      if (document.activeElement.id === "line") document.activeElement.blur();
      parts.conversation.again();
      store.changed();
    }
    typedAhead.missed();
  }

  /** What was accepted and is theirs now is in front of them, with what they typed meanwhile. */
  turnToAccepted() {
    const { store, typedAhead } = this.desk;
    this.#tellBeside();
    const wanted = typedAhead.wanted && store.items.get(`contact:${typedAhead.wanted}`);
    if (wanted?.state === "connected") this.#turnTo(wanted);
    if (typedAhead.wanted && !wanted) this.#missed();
    else if (wanted && wanted.state !== "offered") typedAhead.end();
  }

  // Where they write to somebody else by now, the one who was accepted waits in the list with what was typed.
  #turnTo(wanted) {
    const { store, typedAhead, parts } = this.desk;
    const { text, isInLine } = typedAhead;
    if (text) store.drafts.lines.set(wanted.id, text);
    if (isInLine) parts.conversation.again();
    if (typedAhead.isBesideText) return this.#tellAccepted(wanted);
    store.chosen = wanted.id;
    if (isInLine) typedAhead.waitForPause(); // a call has no line, and what is typed on is no keys
    if (text || isInLine || !store.offers.length) queueMicrotask(() => parts.conversation.focus()); // else its keys would become text
  }

  #tellBeside() {
    for (const id of [...this.beside]) {
      const contact = this.desk.store.items.get(`contact:${id}`);
      if (contact?.state === "offered") continue;
      this.beside.delete(id);
      if (contact) this.#tellAccepted(contact);
    }
  }

  #tellAccepted(contact) {
    this.desk.notice(t("accepted_beside", { name: who(contact) }));
  }

  decline(contact) {
    this.do({ verb: "decline", contact: contact.contact });
  }

  say(contact, text) {
    this.desk.signs.typing(contact.id, false);
    this.write({ verb: "say", contact: contact.contact, text }, contact.id);
  }

  write(command, contactId, attachment = undefined, outbox = this.desk.outbox) {
    outbox.write(command, { contactId, attachment, at_ns: this.desk.store.nowMs() * 1e6 });
  }

  hold(contact) {
    this.do({ verb: contact.state === "held" ? "resume" : "hold", contact: contact.contact });
  }

  end(contact) {
    const word = { voice: "hang_up", task: "end_task" }[contact.channel] ?? "end_chat";
    sureDialog(t(`${word}_sure`, { name: who(contact) }), t(word), () => this.do({ verb: "end", contact: contact.contact }), contact);
  }

  // What is written and not saved belongs to it, whichever way it is finished.
  async finish(contact) {
    if (this.finishing.has(contact.id)) return;
    this.finishing.add(contact.id);
    if (await this.#takeWritten(contact)) await this.do({ verb: "finish", contact: contact.contact });
    this.finishing.delete(contact.id);
  }

  #takeWritten(contact) {
    const { conversation, customer } = this.desk.parts;
    conversation.wrapping.take(contact);
    return customer.saveNote(contact);
  }

  /** Takes what is written of contacts whose wrap-up runs out. */
  takeLast(nowMs) {
    for (const contact of this.desk.store.held) if (contact.state === "wrapping" && contact.until_ns && contact.until_ns / 1e6 - nowMs < LAST_MS) this.#takeWritten(contact);
  }

  async ofCase(contact, command) {
    const told = await this.do({ contact: contact.contact, ...command });
    if (told.error || told.refused) return;
    if (command.verb === "open_case") this.desk.notice(t("case_opened", { id: String(told.seq) }));
    await this.desk.asking.cases(contact.id);
  }
}
