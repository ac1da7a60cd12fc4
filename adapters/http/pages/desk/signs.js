// What customers see of who talks to them: that they type, and how far they have read.

const TYPING_EVERY_MS = 3000;

export class Signs {
  constructor(desk) {
    this.desk = desk;
    this.reading = new Map();
    this.typed = new Map();
  }

  typing(contactId, on) {
    const last = this.typed.get(contactId) ?? 0;
    if (on ? Date.now() - last < TYPING_EVERY_MS : !last) return;
    this.typed.set(contactId, on ? Date.now() : 0);
    this.desk.wire.send({ type: "typing", contact_id: contactId, typing: on });
  }

  /** What is shown on a visible page, down to its end, is read. */
  readShown() {
    const { store, parts, outbox } = this.desk;
    const contact = store.current;
    if (!contact || contact.state === "wrapping" || contact.channel === "voice" || document.hidden || !parts.conversation.atEnd()) return;
    const conversation = store.conversation(contact.id);
    const last = conversation.lines.findLast((line) => line.by === "customer")?.seq ?? 0;
    if (last <= conversation.agentRead || last <= (this.reading.get(contact.id) ?? 0)) return;
    this.reading.set(contact.id, last);
    outbox.do({ verb: "read", contact: contact.contact, up_to_seq: last });
  }

  /** The session is over: what was read and is not answered is read again. */
  rest() {
    this.reading.clear();
  }

  begin() {
    for (const kept of [this.reading, this.typed]) kept.clear();
  }

  forgetWhoIsGone() {
    for (const known of [this.reading, this.typed]) for (const id of [...known.keys()]) if (!this.desk.store.items.has(`contact:${id}`)) known.delete(id);
  }
}
