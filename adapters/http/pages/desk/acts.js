// What an agent does with contacts, and what is said where it comes to nothing.

import { sureDialog } from "./dialogs.js";
import { sendFile } from "./files.js";
import { wrongOf } from "./outbox.js";
import { hasLine, isDialled } from "./people.js";
import { textField } from "./typed_ahead.js";
import { saying, t } from "./words.js";

const LETS_GO = new Set(["finish", "end", "transfer"]);

/** The word for ending a contact in the agent's hands. */
export const endOf = (contact) => (isDialled(contact) ? "end_callback" : ({ voice: "hang_up", task: "end_task", email: "end_message" })[contact.channel] ?? "end_chat");

export class Acts {
  constructor(desk) {
    this.desk = desk;
    this.finishing = new Set();
    this.taking = new Map(); // lines and files for those whose accepting is under way, by contact
    this.beside = new Set(); // accepted in the middle of a text for somebody else
    this.lettingGo = new Set(); // names of those who go at this agent's word
    this.lineWaitsFor = 0; // whose line gets the focus once a key is up
  }

  begin() {
    this.lineWaitsFor = 0;
    for (const kept of [this.finishing, this.taking, this.beside, this.lettingGo]) kept.clear();
  }

  /** Does it, and returns the answer. */
  async do(command) {
    const { outbox } = this.desk;
    if (LETS_GO.has(command.verb)) this.lettingGo.add(command.contact);
    const told = await outbox.do(command);
    if (!wrongOf(told) || this.desk.outbox !== outbox) return told;
    this.lettingGo.delete(command.contact);
    this.lost(command, command.contact_id, wrongOf(told));
    return told;
  }

  // A line and a note of a contact that is here stand there still; what has no other place any more is told with its words.
  lost(command, contactId, why) {
    const { store } = this.desk;
    if (command.verb === "say" && store.isKnown(contactId)) return;
    const words = [command.text, command.file, command.subject, command.resolution, command.reason, ...Object.values(command.fields ?? {})].filter(Boolean).join(" · ");
    if (command.verb === "finish" || (command.verb === "end" && !this.#isServed(command.contact))) return; // it is over, as was wanted
    const isThere = command.verb === "note" && store.items.has(`contact:${contactId}`);
    if (isThere) store.takeBack(command);
    this.desk.complain(why, isThere ? "" : words);
  }

  #isServed(name) {
    const contact = this.desk.store.contacts.find((one) => one.contact === name);
    return contact?.state === "connected" || contact?.state === "held";
  }

  // In the middle of a text, that goes on. Otherwise the one who is being taken is in front at once, with a line to write on:
  // what is typed meanwhile is for nobody else, and an input method needs a field.
  async accept(contact, isComposed = false) {
    if (this.taking.has(contact.id)) return;
    if (this.desk.store.over?.id === contact.id) this.desk.over.leave(); // it went, and rings here again
    this.taking.set(contact.id, { lines: [], files: [] });
    if (textField()?.value) this.beside.add(contact.id);
    else this.#turnAhead(contact, isComposed);
    const told = await this.do({ verb: "accept", contact: contact.contact });
    if (!wrongOf(told)) return;
    this.beside.delete(contact.id);
    this.#missed(contact.id);
  }

  /** The first that rings and is not being accepted already: whom the keys are for. */
  get nextOffer() {
    return this.desk.store.offers.find((offer) => !this.taking.has(offer.id));
  }

  // A key that an input method still has would be text in the line: that is given once the key is up.
  #turnAhead(contact, isComposed) {
    const { store, parts } = this.desk;
    if (store.wanted) this.beside.add(store.wanted);
    store.want(contact.id);
    textField()?.blur();
    if (!hasLine(contact)) return;
    store.chosen = contact.id;
    this.desk.render();
    if (isComposed) this.lineWaitsFor = contact.id;
    else parts.conversation.focus();
  }

  /** Whether somebody is being taken who has no line: what is typed meanwhile was meant for them. */
  get isLineless() {
    const wanted = this.desk.store.items.get(`contact:${this.desk.store.wanted}`);
    return Boolean(wanted) && !hasLine(wanted);
  }

  /** Gives the line to who was accepted, if that waits still; returns whether it did. */
  openLine() {
    const id = this.lineWaitsFor;
    this.lineWaitsFor = 0;
    if (!id || this.desk.store.chosen !== id || textField()) return false;
    this.desk.parts.conversation.focus();
    return true;
  }

  // It is gone, or not theirs: what was typed for it is nobody's, and so is what is typed on.
  #missed(id) {
    const { store, typedAhead } = this.desk;
    const { lines, files } = this.taking.get(id) ?? { lines: [], files: [] };
    this.taking.delete(id);
    const words = [...lines, store.drafts.lines.get(id)].filter(Boolean).join(" · ");
    if (words) this.desk.complain(saying("refused.no_such_offer"), words);
    for (const { name } of files) this.desk.complain(saying("file_refused", { name, why: saying("refused.no_such_offer") }));
    if (store.wanted !== id) return;
    store.drafts.lines.delete(id);
    const wasInFront = store.chosen === id;
    store.unwant();
    if (wasInFront) typedAhead.halt(true);
    store.changed();
  }

  /** What was accepted and is theirs now is in front of them, with what they typed meanwhile. */
  turnToAccepted() {
    const { store } = this.desk;
    this.#tellBeside();
    for (const [id, ahead] of this.taking) {
      const contact = store.items.get(`contact:${id}`);
      if (contact?.state === "offered") continue;
      if (!contact) this.#missed(id);
      else this.#taken(contact, ahead);
    }
  }

  #taken(contact, { lines, files }) {
    this.taking.delete(contact.id);
    for (const text of lines) this.say(contact, text);
    for (const file of files) sendFile(this.desk, contact, file);
    if (this.desk.store.wanted === contact.id) this.#turnTo(contact);
  }

  // Where they write to somebody else by now, the one who was accepted waits in the list with what was typed.
  #turnTo(contact) {
    const { store, parts } = this.desk;
    const isInFront = store.chosen === contact.id;
    store.wanted = store.before = 0;
    if (!isInFront && textField()?.value) return this.tellAccepted(contact);
    if (isInFront) return; // the line was given at once, and may have been left since
    store.chosen = contact.id;
    queueMicrotask(() => parts.conversation.focus());
  }

  #tellBeside() {
    for (const id of [...this.beside]) {
      const contact = this.desk.store.items.get(`contact:${id}`);
      if (contact?.state === "offered") continue;
      this.beside.delete(id);
      if (contact) this.tellAccepted(contact);
    }
  }

  /** Somebody is in hand and not in front: they wait in the list. */
  tellAccepted(contact) {
    this.desk.notice(t("accepted_beside", { name: this.desk.names.there(contact) }));
  }

  decline(contact) {
    this.do({ verb: "decline", contact: contact.contact });
  }

  /** Sends files, once the contact is theirs. */
  attach(contact, files) {
    if (this.desk.outbox.isLeaving(contact.contact)) return this.desk.complain(saying("file_refused", { name: files[0].name, why: saying("leaving") }));
    if (contact.state !== "offered") for (const file of files) sendFile(this.desk, contact, file);
    else this.taking.get(contact.id)?.files.push(...files);
  }

  /** Writes a line, once the contact is theirs. */
  say(contact, text) {
    if (contact.state === "offered") return void this.taking.get(contact.id)?.lines.push(text);
    this.desk.signs.typing(contact.id, false);
    this.write({ verb: "say", contact: contact.contact, text }, contact.id);
  }

  write(command, contactId) {
    this.desk.outbox.write(command, { contactId, at_ns: this.desk.store.nowMs() * 1e6 });
  }

  hold(contact) {
    this.do({ verb: contact.state === "held" ? "resume" : "hold", contact: contact.contact });
  }

  /** What is said of a file that is under way where its contact is to go; empty: none is. */
  fileFirst({ contact }) {
    const { outbox, tabs, me } = this.desk;
    const [here, elsewhere] = [outbox.files[contact], tabs.fileElsewhere(me, contact)];
    return here ? t("file_first", { name: here }) : elsewhere ? t("file_elsewhere", { name: elsewhere }) : "";
  }

  end(contact) {
    const word = endOf(contact);
    if (this.desk.outbox.isLeaving(contact.contact)) return;
    sureDialog([t(`${word}_sure`, { name: this.desk.names.there(contact) }), this.fileFirst(contact)].filter(Boolean).join(" "), t(word), () => this.do({ verb: "end", contact: contact.contact }), contact);
  }

  // What is written and not saved belongs to it, whichever way it is finished.
  async finish(contact) {
    if (contact.over) return this.desk.over.leave();
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

  async ofCase(contact, command) {
    const told = await this.do({ contact: contact.contact, ...command });
    if (told.error || told.refused) return;
    if (command.verb === "open_case") this.desk.notice(t("case_opened", { id: String(told.seq) }));
    await this.desk.asking.cases(contact.id);
  }
}
