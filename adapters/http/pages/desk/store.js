// What the desk knows: the server's items, the lines of each conversation by their place in the log, and what is under way.

const UNSENT = "trunkline-desk-unsent";

class Conversation {
  constructor() {
    this.lines = [];
    this.reached = 0;
    this.customerRead = 0;
    this.agentRead = 0;
    this.pending = [];
    this.typing = false;
  }

  // A line comes once, whatever is told twice; the agent's own that was awaited is the one that was shown already.
  take(line) {
    if (line.seq <= this.reached && this.lines.some((known) => known.seq === line.seq)) return false;
    this.lines.push(line);
    this.lines.sort((one, other) => one.seq - other.seq);
    this.reached = Math.max(this.reached, line.seq);
    const mine = this.pending.find((one) => one.seq === line.seq) ?? this.#awaited(line);
    if (mine) this.pending.splice(this.pending.indexOf(mine), 1);
    return true;
  }

  // The line may come before the answer to the command that made it: lines of one desk are made in order.
  #awaited(line) {
    if (line.by !== "agent" || line.attachment) return undefined;
    return this.pending.find((one) => !one.seq && !one.failed && !one.attachment && one.text === line.text);
  }

  get unread() {
    return this.lines.filter((line) => line.by === "customer" && line.seq > this.agentRead).length;
  }

  get shown() {
    const waiting = this.pending.filter((mine) => !mine.seq || !this.lines.some((line) => line.seq === mine.seq));
    return [...this.lines, ...waiting];
  }
}

export class Store {
  constructor() {
    this.items = new Map();
    this.conversations = new Map();
    this.earlier = new Map();
    this.cases = new Map();
    this.transcripts = new Map();
    this.drafts = new Map();
    this.chosen = 0;
    this.connection = "connecting";
    this.asOf = 0;
    this.skewMs = 0;
    this.listeners = new Set();
    this.planned = false;
  }

  // Another one sits down: nothing is left of the one before.
  reset() {
    for (const kept of [this.items, this.conversations, this.earlier, this.cases, this.transcripts, this.drafts]) kept.clear();
    this.chosen = 0;
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

  get current() {
    return this.items.get(`contact:${this.chosen}`);
  }

  conversation(id) {
    if (!this.conversations.has(id)) this.conversations.set(id, new Conversation());
    return this.conversations.get(id);
  }

  // How far each conversation is here: what a new socket goes on from.
  after() {
    const found = {};
    for (const [id, conversation] of this.conversations) if (conversation.reached) found[id] = conversation.reached;
    return found;
  }

  takeItems(told) {
    if (told.type === "snapshot") this.items.clear();
    if (told.as_of < this.asOf) for (const kept of [this.conversations, this.earlier, this.cases, this.transcripts]) kept.clear(); // brought back from a backup
    for (const [key, item] of Object.entries(told.items)) this.items.set(key, item);
    for (const key of told.removed) this.items.delete(key);
    this.asOf = told.as_of;
    this.skewMs = told.now_ns / 1e6 - Date.now();
    for (const id of [...this.conversations.keys()]) if (!this.items.has(`contact:${id}`)) this.forget(id);
    if (!this.current || this.current.state === "offered") this.chosen = this.held.at(-1)?.id ?? 0;
    this.changed();
  }

  forget(id) {
    this.conversations.delete(id);
    this.drafts.delete(id);
    this.earlier.delete(id);
    this.cases.delete(id);
  }

  takeLines(told) {
    const conversation = this.conversation(told.contact_id);
    let fresh = [];
    for (const line of told.messages) if (conversation.take(line)) fresh.push(line);
    conversation.customerRead = Math.max(conversation.customerRead, told.customer_read_seq);
    conversation.agentRead = Math.max(conversation.agentRead, told.agent_read_seq);
    if (fresh.some((line) => line.by === "customer")) conversation.typing = false;
    this.changed();
    return fresh;
  }

  choose(id) {
    this.chosen = id;
    this.changed();
  }

  nowMs() {
    return Date.now() + this.skewMs;
  }

  // Lines under way outlive a reload: they are sent again under the same name, which changes nothing if they arrived.
  keepUnsent(agent, commands) {
    try {
      sessionStorage.setItem(UNSENT, JSON.stringify({ agent, commands }));
    } catch {
      // Storage that is full or denied costs nothing but this.
    }
  }

  unsent(agent) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(UNSENT) ?? "{}");
      return kept.agent === agent ? (kept.commands ?? []) : [];
    } catch {
      return [];
    }
  }
}
