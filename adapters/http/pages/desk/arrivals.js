// What the service tells: put where it belongs, and said to who works at the desk.

import { lastBy } from "./cases.js";
import { called, calledBackAt, what } from "./people.js";
import { say } from "./speech.js";
import { textField } from "./typed_ahead.js";
import { by, inWords, saying, t } from "./words.js";

export class Arrivals {
  constructor(desk) {
    this.desk = desk;
    this.rung = new Set();
  }

  begin() {
    this.rung.clear();
  }

  take(told) {
    const { store, outbox } = this.desk;
    if (told.type === "done") outbox.take(told);
    else if (told.type === "snapshot" || told.type === "delta") this.#takeItems(told);
    else if (told.type === "lines") this.#takeLines(told);
    else if (told.type === "cases") this.#takeCases(told);
    else if (told.type === "typing") {
      store.conversation(told.contact_id).typing = told.typing;
      store.changed();
    } else if (told.type === "unreached") this.#tellUnreached(told);
    else if (told.type === "status_set") this.#tellStatus(told);
    else if (told.type === "refused") this.desk.complain(saying(`${told.holds ? "phone_holds" : `refused.${told.verb}`}.${told.by}`));
  }

  #takeItems(told) {
    const { store, asking, signs } = this.desk;
    const [inHand, front] = [store.inHand, store.current];
    this.desk.over.takeItems(told);
    if (front && store.chosen !== front.id) this.#haltAt(front);
    if (inHand) this.#turnToCall(inHand);
    signs.forgetWhoIsGone();
    this.#forgetWhoIsGone();
    this.#announce();
    if (told.type === "snapshot") for (const id of store.cases.keys()) asking.cases(id);
    asking.earlier();
  }

  // The phone of whoever was to be called back was not reached: the contact is gone the next moment.
  #tellUnreached({ contact: id, why, again }) {
    const contact = this.desk.store.contacts.find((one) => one.contact === id) ?? {};
    const [name, number] = [called(contact, this.desk.store.earlier.get(contact.id)), calledBackAt(contact)];
    const told = saying(`unreached.${why}`, { name: number && inWords(name) !== number ? saying("called_at", { name, number }) : name });
    this.desk.complain(again ? saying("unreached_again", { told }) : told);
  }

  // Somebody else chose how this agent is: who, and why, as far as they said it.
  #tellStatus({ status, reason, by: who, note, seq }) {
    const { store, names } = this.desk;
    const chosen = reason && status === "paused" ? saying("paused_for", { reason }) : saying(`status.${status}`);
    const told = who ? saying("status_set_by", { status: chosen, agent: names.agent(who) }) : saying("status_set", { status: chosen });
    const isSo = ({ agent, asOf }) => asOf < seq || (agent?.status === status && (status !== "paused" || agent.reason === reason));
    this.desk.inform(note ? saying("status_set_why", { told, note }) : told, "status", () => isSo(store));
  }

  #takeLines(told) {
    const { store, names } = this.desk;
    const fresh = store.takeLines(told);
    const line = fresh.findLast((one) => one.by === "customer");
    const contact = store.items.get(`contact:${told.contact_id}`);
    if (line && contact && (document.hidden || contact.id !== store.chosen)) this.desk.notice(t("new_line", { name: names.customer(contact), text: line.text }));
  }

  #takeCases(told) {
    const { store, names, me } = this.desk;
    store.cases.set(told.contact_id, told.cases);
    const theirs = told.cases.filter((one) => told.changed.includes(one.id) && lastBy(one) !== me);
    for (const one of theirs) say("polite", by(`case_is.${one.state}`, names.agent(lastBy(one)), { kind: names.kind(one.kind), id: String(one.id) }));
    store.changed();
  }

  // Whoever was in front is gone. What is typed on was meant for them, and must not reach who is in front now.
  #haltAt(gone) {
    const { store, acts, typedAhead } = this.desk;
    typedAhead.stop(acts.lettingGo.delete(gone.contact), Boolean(store.chosen) || gone.id === store.wanted);
  }

  // A call that is answered at the phone is in front of who talks, unless they are in the middle of a sentence, a note or an
  // answer: then it waits in the list. It is one that was not in hand before, be it answered while the page was loaded anew.
  #turnToCall(inHand) {
    const { store, typedAhead, parts, acts } = this.desk;
    const call = store.held.find((one) => !inHand.has(one.id) && one.channel === "voice" && one.state === "connected" && one.id !== store.wanted);
    if (!call || call.id === store.chosen) return;
    if (store.drafts.lines.get(store.chosen) || textField()?.value || document.querySelector("dialog[open]")) return acts.tellAccepted(call);
    store.before = store.chosen; // there again when it is over
    store.choose(call.id);
    typedAhead.waitForPause(); // whoever began to write meant no keys
    if (!textField()) return;
    textField().blur();
    queueMicrotask(() => parts.conversation.focus());
  }

  #announce() {
    const { store, names } = this.desk;
    for (const contact of store.offers) {
      const key = `${contact.id} ${contact.since_ns}`;
      if (this.rung.has(key)) continue;
      this.rung.add(key);
      const [name, queue] = [names.customer(contact), names.queue(contact.queue)];
      say("urgent", contact.asked_by ? t("asks_you", { name, queue }) : t("offered_to_you", { name, channel: what(contact), queue }));
    }
  }

  #forgetWhoIsGone() {
    const names = new Set(this.desk.store.contacts.map(({ contact }) => contact));
    for (const name of [...this.desk.acts.lettingGo]) if (!names.has(name)) this.desk.acts.lettingGo.delete(name);
    for (const key of [...this.rung]) if (!this.desk.store.items.has(`contact:${key.split(" ")[0]}`)) this.rung.delete(key);
  }
}
