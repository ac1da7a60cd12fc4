// What one agent has told the service and is not answered yet: in order, said again until it is, never as somebody else.

import { isText, listOf, objectOf, perhaps, recordOf } from "./shapes.js";
import { isSaying, saying } from "./words.js";

const KEPT = "unsent";
const LEAVES = new Set(["end", "transfer"]);
const TYPED = new Set(["say", "note", "classify", "open_case", "resolve_case", "reopen_case"]);

// As the service takes a command, and as a line is shown. One without a name it knows would cost the socket, again and again.
const isNamed = objectOf({ id: (id) => isText(id) && id.length > 0 && id.length <= 64, verb: (verb) => TYPED.has(verb), text: perhaps(isText) });
const isSaid = recordOf((said) => isText(said) || Number.isSafeInteger(said) || recordOf(isText)(said));
const isFile = objectOf({ name: isText, size_bytes: Number.isFinite, media_type: isText });
const isShown = objectOf({ contactId: Number.isSafeInteger, at_ns: Number.isFinite, attachment: perhaps(isFile) });
const isEntry = objectOf({ command: (said) => isNamed(said) && isSaid(said), shown: perhaps(isShown), failed: perhaps(isSaying) });
const isKept = listOf((one) => isEntry(one) && (!(one.needsFile || one.failed) || isShown(one.shown)));

function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Half of a character, which a script may have cut, is none: nobody could read the rest.
const whole = (command) => JSON.parse(JSON.stringify(command, (key, said) => (typeof said === "string" ? (said.toWellFormed?.() ?? said) : said)));

/** Why something was not done, as a saying or the service's own words; empty where it was. */
export const wrongOf = (told) => told.error || (told.refused ? saying(`refused.${told.refused}`) : "");

export class Outbox {
  // `send` says whether it went out; `onLost` takes a command for whose answer nobody waits, and which came to nothing: once
  // when that is known, and a line again when its place is gone.
  constructor(agent, kept, { send, onChange, onLost }) {
    this.agent = agent;
    this.kept = kept;
    this.send = send;
    this.onChange = onChange;
    this.onLost = onLost;
    this.waiting = new Map(); // by id, in the order in which they were given
    this.lines = new Map(); // by contact: those that the service has not told yet, and those that it refused
    this.unclear = new Map(); // by contact: places of lines told while some were under way, which they may be
    this.putOff = 0;
    this.link = new AbortController(); // what is brought by a link is given up with it
    for (const { command, shown, needsFile, failed } of kept.read(agent, KEPT, isKept) ?? []) {
      this.#put(command, shown);
      const why = failed || (needsFile && saying("file_gone")); // no tab keeps a file
      if (!why) continue;
      this.waiting.get(command.id).line.failed = why;
      this.waiting.delete(command.id);
    }
  }

  /** Says it until it is answered, and returns the answer. */
  do(command) {
    return new Promise((resolve) => this.#give(command, undefined, resolve));
  }

  /** Writes a line, which is shown from now on. */
  write(command, shown) {
    this.#give(command, shown);
  }

  /** Shows a file that is being brought, in its place: lines behind it wait until it is `brought`, or dropped.
   *  Returns the name of its command. */
  announce(command, shown) {
    const id = freshId();
    this.#put({ id, ...whole(command) }, shown);
    this.waiting.get(id).needsFile = true;
    this.keep();
    this.onChange();
    return id;
  }

  isWaiting(id) {
    return this.waiting.has(id);
  }

  brought(id, ticket) {
    const one = this.waiting.get(id);
    one.command.attachment = ticket;
    one.needsFile = false;
    this.keep();
    this.#flush();
  }

  /** A file cannot be brought: a contact that was to go after it stays. */
  dropFile(id) {
    const { command, line, shown } = this.waiting.get(id);
    this.waiting.delete(id);
    this.#drop(shown.contactId, line);
    for (const one of this.#leavingOf(command.contact)) this.#settle(one, { refused: "without_file" });
    this.keep();
    this.#flush();
    this.onChange();
  }

  /** The names of the files that are being brought, by contact: one of each. */
  get files() {
    return Object.fromEntries([...this.waiting.values()].filter((one) => one.needsFile).map(({ command, shown }) => [command.contact, shown.attachment.name]));
  }

  /** Whether a contact was ended or handed over, and is not gone yet. */
  isLeaving(contact) {
    return this.#leavingOf(contact).length > 0;
  }

  #leavingOf(contact) {
    return [...this.waiting.values()].filter(({ command }) => LEAVES.has(command.verb) && command.contact === contact);
  }

  /** The notes about a contact that are under way. */
  notesOf(contactId) {
    return [...this.waiting.values()].map(({ command }) => command).filter((one) => one.verb === "note" && one.contact_id === contactId);
  }

  #give(command, shown, resolve) {
    this.#put({ id: freshId(), ...whole(command) }, shown, resolve);
    this.keep();
    this.#flush();
    this.onChange();
  }

  #put(command, shown, resolve) {
    const line = shown && { ...shown, id: command.id, by: "agent", agent: this.agent, text: command.text ?? "", seq: 0 };
    this.waiting.set(command.id, { command, shown, line, resolve, isSent: false });
    if (line) this.lines.set(shown.contactId, [...this.linesOf(shown.contactId), line]);
  }

  // --- the link

  /** A socket is open: nobody knows what of all this has arrived, so all of it goes out again. */
  begin() {
    this.link.abort();
    this.link = new AbortController();
    for (const one of this.waiting.values()) one.isSent = false;
    this.#flush();
  }

  // While one of them is put off those behind it wait, too: what was written later must not arrive before.
  #flush() {
    if (this.putOff) return;
    const held = new Set(); // contacts of whom a file is being brought: lines wait for it, and so does the end
    for (const one of this.waiting.values()) {
      const { verb, contact } = one.command;
      if (one.needsFile) held.add(contact);
      if (one.needsFile || one.isSent || ((verb === "say" || LEAVES.has(verb)) && held.has(contact))) continue;
      if (!(one.isSent = this.send({ type: "do", command: one.command }))) return;
    }
  }

  take(told) {
    const one = this.waiting.get(told.id);
    if (!one) return;
    if (told.again_s) {
      one.isSent = false;
      this.putOff ||= setTimeout(() => ((this.putOff = 0), this.#flush()), 1000 * told.again_s);
      return;
    }
    this.#settle(one, told);
    this.keep();
    this.onChange();
  }

  #settle(one, told) {
    const { command, line } = one;
    this.waiting.delete(command.id);
    if (line) this.#settleLine(line, one.shown.contactId, told);
    if (one.resolve) one.resolve(told);
    else if (wrongOf(told)) this.onLost({ ...command, file: one.shown?.attachment?.name }, one.shown?.contactId ?? command.contact_id, wrongOf(told));
  }

  #settleLine(line, contactId, told) {
    line.failed = wrongOf(told);
    if (!line.failed && this.isUnclear(contactId, told.seq)) this.#drop(contactId, line);
    else line.seq = line.failed ? 0 : told.seq;
    if (!this.#isUnderWay(contactId)) this.unclear.delete(contactId);
  }

  /** The session is over: what somebody wrote waits for the same agent, what was to be done then is not. */
  rest() {
    clearTimeout(this.putOff);
    this.putOff = 0;
    for (const one of [...this.waiting.values()]) if (!TYPED.has(one.command.verb)) this.#settle(one, { refused: "session_over" });
  }

  /** Whether something that somebody wrote is not delivered, be it that it stands as not sent. */
  get hasWords() {
    return this.#typed.length > 0 || this.#failed.length > 0;
  }

  /** The agent has signed out: nothing of this is said any more. */
  end() {
    for (const one of this.#typed) this.#settle(one, { refused: "session_over" });
  }

  // --- lines

  linesOf(contactId) {
    return this.lines.get(contactId) ?? [];
  }

  // The answer says which line a command made, and may come after the line. Until all are answered nobody knows whether a line
  // of this agent is one of those that are under way here, or was written at another desk of theirs.
  arrived(contactId, told) {
    const found = this.linesOf(contactId).find((one) => one.seq === told.seq);
    if (found) this.#drop(contactId, found);
    else if (told.by === "agent" && told.agent === this.agent && this.#isUnderWay(contactId)) this.unclear.set(contactId, (this.unclear.get(contactId) ?? new Set()).add(told.seq));
  }

  /** Whether a line that was told may be one that is shown as under way. */
  isUnclear(contactId, seq) {
    return Boolean(this.unclear.get(contactId)?.has(seq));
  }

  #isUnderWay(contactId) {
    return [...this.waiting.values()].some(({ shown, needsFile }) => shown?.contactId === contactId && !needsFile);
  }

  #drop(contactId, line) {
    this.lines.set(contactId, this.linesOf(contactId).filter((one) => one !== line));
  }

  /** A contact is gone, and its lines with it: those that reached nobody are lost only now. */
  forget(contactId) {
    const failed = this.linesOf(contactId).filter((line) => line.failed);
    this.lines.delete(contactId);
    this.unclear.delete(contactId);
    for (const { text, attachment, failed: why } of failed) this.onLost({ verb: "say", text, file: attachment?.name }, contactId, why);
    if (failed.length) this.keep();
  }

  // --- over a reload

  get #typed() {
    return [...this.waiting.values()].filter(({ command }) => TYPED.has(command.verb));
  }

  // A line that reached nobody stands where it was sent, until its contact is gone.
  get #failed() {
    const failed = [...this.lines].flatMap(([contactId, lines]) => lines.filter((line) => line.failed).map((line) => ({ ...line, contactId })));
    return failed.map(({ id, text, contactId, at_ns, attachment, failed: why }) => ({ command: { id, verb: "say", text }, shown: { contactId, at_ns, attachment }, failed: why }));
  }

  keep() {
    const typed = this.#typed.map(({ command, shown, needsFile }) => ({ command, shown, needsFile }));
    const kept = [...this.#failed, ...typed];
    this.kept.write(this.agent, KEPT, kept.length ? kept : undefined);
  }
}
