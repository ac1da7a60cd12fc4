// What the desk knows: the service's items, the lines of each conversation by their place in the log, and what is half written.

import { Drafts } from "./drafts.js";
import { listOf, objectOf } from "./shapes.js";

const NOTHING_CHOSEN = { code: "", fields: {} };
const KEPT = "in-front";
const isKept = objectOf({ chosen: Number.isSafeInteger, inHand: listOf(Number.isSafeInteger) });

class Conversation {
  constructor() {
    this.lines = [];
    this.reached = 0;
    this.customerRead = 0;
    this.agentRead = 0;
    this.typing = false;
  }

  // A line comes once, whatever is told twice.
  take(line) {
    if (line.seq <= this.reached && this.has(line.seq)) return false;
    this.lines.push(line);
    this.lines.sort((one, other) => one.seq - other.seq);
    this.reached = Math.max(this.reached, line.seq);
    return true;
  }

  has(seq) {
    return this.lines.some((known) => known.seq === seq);
  }

  get unread() {
    return this.lines.filter((line) => line.by === "customer" && line.seq > this.agentRead).length;
  }
}

export class Store {
  #chosen = 0;

  constructor(kept) {
    this.kept = kept;
    this.items = new Map();
    this.conversations = new Map();
    this.earlier = new Map();
    this.cases = new Map();
    this.drafts = new Drafts(kept);
    this.choices = new Map(); // wrap-ups, as they were chosen here last
    this.outbox = null; // of whoever sits here
    this.inHand = null; // contacts in hand, as they were told last, in this tab before a reload, too; null: nobody knows
    this.wanted = 0; // whoever is being taken
    this.before = 0; // who was in front before
    this.over = null; // the contact that is over and stays in front while somebody writes about it
    this.connection = "connecting";
    this.asOf = 0;
    this.skewMs = 0;
    this.listeners = new Set();
    this.planned = false;
  }

  /** Somebody sits down: nothing is left of the one before, and what they had half written and in front in this tab is there. */
  begin(outbox) {
    this.end();
    this.outbox = outbox;
    this.drafts.begin(outbox.agent);
    const { chosen, inHand } = this.kept.read(outbox.agent, KEPT, isKept) ?? { chosen: 0, inHand: null };
    this.#chosen = chosen;
    this.inHand = inHand && new Set(inHand);
  }

  keep() {
    const { outbox, chosen, inHand } = this;
    this.kept.write(outbox.agent, KEPT, inHand?.size ? { chosen, inHand: [...inHand] } : undefined);
  }

  /** Nobody sits here. */
  end() {
    for (const known of [this.items, ...this.#ofContacts]) known.clear();
    this.#chosen = this.wanted = this.before = 0;
    this.inHand = this.over = null;
    this.asOf = 0;
  }

  // What is known of each contact, by its id.
  get #ofContacts() {
    return [this.conversations, this.earlier, this.cases, this.choices, ...this.drafts.all];
  }

  onChange(listener) {
    this.listeners.add(listener);
  }

  changed() {
    if (this.planned) return;
    this.planned = true;
    queueMicrotask(() => {
      this.planned = false;
      for (const listener of this.listeners) listener();
    });
  }

  get agent() {
    return this.items.get("agent");
  }

  get house() {
    return this.items.get("house");
  }

  get contacts() {
    return [...this.items.entries()].filter(([key]) => key.startsWith("contact:")).map(([, contact]) => contact);
  }

  get offers() {
    return this.contacts.filter((contact) => contact.state === "offered");
  }

  get held() {
    return this.contacts.filter((contact) => contact.state !== "offered");
  }

  /** Whoever is in front, by id; 0: nobody. */
  get chosen() {
    return this.#chosen;
  }

  set chosen(id) {
    this.#chosen = id;
    this.keep();
  }

  get current() {
    return this.over?.id === this.chosen ? this.over : this.items.get(`contact:${this.chosen}`);
  }

  conversation(id) {
    if (!this.conversations.has(id)) this.conversations.set(id, new Conversation());
    return this.conversations.get(id);
  }

  /** The lines of a conversation, and those of this desk behind them that the service has not told yet. */
  shown(id) {
    return [...this.conversation(id).lines.filter((line) => !this.outbox.isUnclear(id, line.seq)), ...this.outbox.linesOf(id)];
  }

  /** The wrap-up of a contact: what was chosen here holds until the service has told it, or one that came later. */
  classified(contact) {
    const mine = this.choices.get(contact.id);
    if (mine && (!mine.seq || mine.seq > (contact.classified?.seq ?? 0))) return mine;
    return contact.classified ?? NOTHING_CHOSEN;
  }

  // How far each conversation is here: what a new socket goes on from.
  after() {
    const found = {};
    for (const [id, conversation] of this.conversations) if (conversation.reached) found[id] = conversation.reached;
    return found;
  }

  /** `stays`: the contact that stays in front, though it be over; `onGone` takes the id of each that is, with what is written of it. */
  takeItems(told, stays, onGone) {
    if (told.type === "snapshot") this.items.clear();
    if (told.as_of < this.asOf) for (const kept of [this.conversations, this.earlier, this.cases]) kept.clear(); // brought back from a backup
    for (const [key, item] of Object.entries(told.items)) this.items.set(key, item);
    for (const key of told.removed) this.items.delete(key);
    this.asOf = told.as_of;
    this.skewMs = told.now_ns / 1e6 - Date.now();
    const isThere = (id) => this.items.has(`contact:${id}`);
    const isTheirs = (id) => isThere(id) && this.items.get(`contact:${id}`).state !== "offered";
    if (this.over && isTheirs(this.over.id)) this.over = null;
    if (stays && !stays.over && !isTheirs(stays.id)) this.over = { ...stays, over: true };
    for (const id of this.drafts.ids) if (!this.isKnown(id)) onGone(id);
    this.#forgetWhoIsGone();
    if (!this.current || (this.current.state === "offered" && this.chosen !== this.wanted)) this.#chosen = this.#next;
    this.inHand = new Set(this.held.map(({ id }) => id));
    this.keep();
    this.changed();
  }

  /** What was over is left: it is known no more, but for what is written of it. */
  leaveOver() {
    if (this.chosen === this.over.id) this.chosen = this.#next;
    this.over = null;
    this.#forgetWhoIsGone();
  }

  get #next() {
    const { held } = this;
    return (held.find((one) => one.id === this.before) ?? held.at(-1))?.id ?? 0;
  }

  /** Somebody is being taken, and may be in front already. */
  want(id) {
    if (this.chosen !== this.wanted) this.before = this.chosen;
    this.wanted = id;
  }

  unwant() {
    if (this.wanted && this.chosen === this.wanted) this.chosen = this.#next;
    this.wanted = this.before = 0;
  }

  /** Whether a contact is here, or over and in front still. */
  isKnown(id) {
    return id === this.over?.id || this.items.has(`contact:${id}`);
  }

  #forgetWhoIsGone() {
    const isGone = (id) => !this.isKnown(id);
    for (const known of this.#ofContacts) for (const id of [...known.keys()].filter(isGone)) known.delete(id);
    for (const id of [...this.outbox.lines.keys()].filter(isGone)) this.outbox.forget(id);
  }

  takeLines(told) {
    const conversation = this.conversation(told.contact_id);
    const fresh = told.messages.filter((line) => conversation.take(line));
    for (const line of fresh) this.outbox.arrived(told.contact_id, line);
    conversation.customerRead = Math.max(conversation.customerRead, told.customer_read_seq);
    conversation.agentRead = Math.max(conversation.agentRead, told.agent_read_seq);
    if (fresh.some((line) => line.by === "customer")) conversation.typing = false;
    this.changed();
    return fresh;
  }

  /** A note that was not taken stands there again, before what was written since. */
  takeBack({ contact_id: id, text }) {
    const { notes } = this.drafts;
    notes.set(id, [text, notes.get(id)].filter(Boolean).join("\n"));
    this.changed();
  }

  choose(id) {
    this.chosen = id;
    this.changed();
  }

  nowMs() {
    return Date.now() + this.skewMs;
  }
}
