// The desk: signs in, keeps the socket, and puts the parts of the page together.

import { lastBy, mayOpenCase } from "./cases.js";
import { contactList } from "./contact_list.js";
import { conversationView } from "./conversation.js";
import { customerView } from "./customer.js";
import { closeOutdated, helpDialog, openCaseDialog, sureDialog, transferDialog } from "./dialogs.js";
import { el, fill } from "./dom.js";
import { listen } from "./keys.js";
import { offersView } from "./offers.js";
import { plansView } from "./plans.js";
import { who } from "./people.js";
import { sessionEnd } from "./session_end.js";
import { signInView } from "./sign_in.js";
import { stateButton } from "./state_button.js";
import { Sound } from "./sound.js";
import { Store } from "./store.js";
import { topBar } from "./top_bar.js";
import { by, duration, loadWords, sized, t } from "./words.js";
import { freshId, Wire } from "./wire.js";

const KEYS_OFF = "trunkline-desk-keys-off";
const TYPING_EVERY_MS = 3000;
const PAUSE_MS = 1000;
const SESSION_EVERY_MS = 300_000;
const room = document.getElementById("room");

class Desk {
  constructor() {
    this.store = new Store();
    this.sessionEnd = sessionEnd(this);
    this.sound = new Sound();
    this.keysOn = localStorage.getItem(KEYS_OFF) === null;
    this.open = false;
    this.meantUntil = 0;
    this.rung = new Set();
    this.reading = new Map();
    this.wire = new Wire({
      hello: () => this.store.after(),
      onTold: (told) => this.told(told),
      onState: (state) => ((this.store.connection = state), this.store.changed()),
      onEnd: (reason) => this.ended(reason),
      onSettled: () => this.keepUnsent(),
    });
    this.store.onChange(() => this.open && this.render());
    listen(this);
    setInterval(() => this.tick(), 1000);
    document.addEventListener("visibilitychange", () => this.open && this.readShown());
  }

  // --- coming and going

  async begin() {
    await loadWords();
    document.querySelector(".skip").textContent = t("skip");
    const answer = await fetch("/api/v1/desk/session").catch(() => null);
    if (answer?.status === 200) this.enter(await answer.json());
    else this.leave("");
  }

  enter(session) {
    if (this.me !== session.agent) this.store.reset(); // the same one goes on where the session ended
    this.me = session.agent;
    this.sessionEnd.follow(session.until_ns);
    this.stayEveryMs = Math.min(SESSION_EVERY_MS, (1000 * session.idle_limit_s) / 4);
    clearInterval(this.stayTimer);
    this.stayTimer = setInterval(() => this.stay(), this.stayEveryMs);
    this.build();
    this.open = true;
    for (const command of this.store.unsent(this.me)) this.sayAgain(command);
    this.wire.open();
  }

  // Over, unless the same agent has signed in again meanwhile, in another tab.
  async ended(reason) {
    const answer = reason === "session_over" ? await fetch("/api/v1/desk/session").catch(() => null) : null;
    const session = answer?.status === 200 ? await answer.json() : null;
    if (session?.agent === this.me) this.enter(session);
    else this.leave(t(`ended.${reason}`));
  }

  leave(message) {
    this.open = false;
    this.sound.ring(false);
    this.wire.close();
    this.wire.forget();
    document.title = t("desk");
    for (const region of ["urgent", "polite"]) document.getElementById(region).textContent = "";
    fill(room, signInView((session) => this.enter(session), message, this.me));
  }

  async signOut() {
    await fetch("/api/v1/desk/session", { method: "DELETE" }).catch(() => null);
    this.me = undefined;
    this.leave(t("signed_out"));
  }

  // The cookie has to say when somebody was there last: it alone outlives a restart.
  async stay() {
    if (this.open && Date.now() - this.wire.active < 2 * this.stayEveryMs) await fetch("/api/v1/desk/session").catch(() => null);
  }

  // --- what comes in

  told(told) {
    if (told.type === "snapshot" || told.type === "delta") {
      this.store.takeItems(told);
      this.announce();
      if (told.type === "snapshot") for (const id of this.store.cases.keys()) this.askCases({ id });
      this.askEarlier();
    } else if (told.type === "lines") {
      const fresh = this.store.takeLines(told);
      const line = fresh.findLast((one) => one.by === "customer");
      const contact = this.store.items.get(`contact:${told.contact_id}`);
      if (line && contact && (document.hidden || contact.id !== this.store.chosen)) this.notice(t("new_line", { name: who(contact), text: line.text }));
    } else if (told.type === "cases") {
      this.store.cases.set(told.contact_id, told.cases);
      const theirs = told.cases.filter((one) => told.changed.includes(one.id) && lastBy(one) !== this.me);
      for (const one of theirs) document.getElementById("polite").textContent = by(`case_is.${one.state}`, this.nameOf(lastBy(one)), { kind: this.kindName(one.kind), id: String(one.id) });
      this.store.changed();
    } else if (told.type === "typing") {
      this.store.conversation(told.contact_id).typing = told.typing;
      this.store.changed();
    }
  }

  announce() {
    for (const contact of this.store.offers) {
      const key = `${contact.id} ${contact.since_ns}`;
      if (this.rung.has(key)) continue;
      this.rung.add(key);
      document.getElementById("urgent").textContent = t("offered_to_you", { name: who(contact), channel: t(`channel.${contact.channel}`), queue: this.queueName(contact.queue) });
    }
  }

  async askEarlier() {
    for (const contact of this.store.contacts) {
      if (this.store.earlier.has(contact.id)) continue;
      this.store.earlier.set(contact.id, undefined);
      const told = await this.wire.ask({ what: "earlier", contact_id: contact.id });
      this.store.earlier.set(contact.id, told.earlier ?? []);
      await this.askCases(contact);
    }
  }

  async askCases(contact) {
    const told = await this.wire.ask({ what: "cases", contact_id: contact.id });
    if (told.cases) this.store.cases.set(contact.id, told.cases);
    this.store.changed();
  }

  // --- what is done

  async act(command) {
    const told = await this.wire.do(command);
    const wrong = told.error || (told.refused ? t(`refused.${told.refused}`) : "");
    if (wrong) this.complain(wrong);
    return told;
  }

  // Until it is known whether they have it, what they type is for nobody else: it is kept for the line to write.
  async accept(contact) {
    this.wanted = contact.id;
    this.typedAhead = "";
    const told = await this.act({ verb: "accept", contact: contact.contact });
    if ((told.error || told.refused) && this.wanted === contact.id) this.missed();
  }

  // It is gone: what is typed on was meant for them, and is no keys, until the typist pauses.
  missed() {
    this.wanted = 0;
    this.meantUntil = performance.now() + PAUSE_MS;
  }

  isMeant() {
    if (performance.now() > this.meantUntil) return false;
    this.meantUntil = performance.now() + PAUSE_MS;
    return true;
  }

  say(contact, text) {
    this.typing(contact.id, false);
    const command = { id: freshId(), verb: "say", contact: contact.contact, text };
    this.sayAgain(command, contact.id);
  }

  // A file is brought first; the line that it goes with follows, under a name of its own like every other.
  async sendFile(contact, file) {
    const most = this.store.house.files.bytes_max;
    if (file.size > most) return this.complain(t("file_too_large", { size: sized(most) }));
    try {
      const place = `/api/v1/desk/contacts/${contact.id}/attachments?${new URLSearchParams({ name: file.name })}`;
      const answer = await fetch(place, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
      const told = await answer.json();
      if (!answer.ok) return this.complain(t("file_refused", { name: file.name, why: told.detail }));
      const { ticket, ...attachment } = told;
      const command = { id: freshId(), verb: "say", contact: contact.contact, contact_id: contact.id, attachment: ticket };
      this.sayAgain(command, contact.id, attachment);
    } catch {
      this.complain(t("no_connection"));
    }
  }

  async sayAgain(command, contactId = command.contactId, attachment = undefined) {
    const { contactId: _, ...plain } = command;
    const shown = { id: plain.id, by: "agent", agent: this.me, text: plain.text ?? "", attachment, at_ns: this.store.nowMs() * 1e6, seq: 0 };
    const conversation = this.store.conversation(contactId);
    conversation.pending.push(shown);
    this.sent ??= new Map();
    this.sent.set(plain.id, contactId);
    this.store.changed();
    const told = await this.wire.again(plain);
    this.sent.delete(plain.id);
    if (told.error || told.refused) shown.failed = told.error || t(`refused.${told.refused}`);
    else {
      shown.seq = told.seq;
      if (conversation.lines.some((line) => line.seq === told.seq)) conversation.pending = conversation.pending.filter((one) => one !== shown);
    }
    this.store.changed();
  }

  keepUnsent() {
    const commands = [...this.wire.underWay.values()].map(({ command }) => command).filter((command) => command.verb === "say");
    this.store.keepUnsent(this.me, commands.map((command) => ({ ...command, contactId: this.sent?.get(command.id) ?? this.idOf(command.contact) })));
  }

  idOf(name) {
    return this.store.contacts.find((contact) => contact.contact === name)?.id ?? 0;
  }

  end(contact) {
    const word = { voice: "hang_up", task: "end_task" }[contact.channel] ?? "end_chat";
    sureDialog(t(`${word}_sure`, { name: who(contact) }), t(word), () => this.act({ verb: "end", contact: contact.contact }), contact);
  }

  transfer(contact) {
    transferDialog(this, contact);
  }

  hold(contact) {
    this.act({ verb: contact.state === "held" ? "resume" : "hold", contact: contact.contact });
  }

  finish(contact) {
    this.act({ verb: "finish", contact: contact.contact });
  }

  async ofCase(contact, command) {
    const told = await this.act({ contact: contact.contact, ...command });
    if (told.error || told.refused) return;
    if (command.verb === "open_case") this.notice(t("case_opened", { id: String(told.seq) }));
    await this.askCases(contact);
  }

  typing(contactId, on) {
    this.typed ??= new Map();
    const last = this.typed.get(contactId) ?? 0;
    if (on ? Date.now() - last < TYPING_EVERY_MS : !last) return;
    this.typed.set(contactId, on ? Date.now() : 0);
    this.wire.tell({ type: "typing", contact_id: contactId, typing: on });
  }

  // What is shown on a visible page, down to its end, is read.
  readShown() {
    const contact = this.store.current;
    if (!contact || contact.state === "wrapping" || contact.channel === "voice" || document.hidden || !this.parts.conversation.atEnd()) return;
    const conversation = this.store.conversation(contact.id);
    const last = conversation.lines.findLast((line) => line.by === "customer")?.seq ?? 0;
    if (last <= conversation.agentRead || last <= (this.reading.get(contact.id) ?? 0)) return;
    this.reading.set(contact.id, last);
    this.wire.do({ verb: "read", contact: contact.contact, up_to_seq: last });
  }

  choose(id, focus = false) {
    this.store.choose(id);
    if (this.store.current) this.askCases(this.store.current);
    if (focus) queueMicrotask(() => this.parts.conversation.focus());
  }

  // --- words

  queueName(queue) {
    if (queue === "case-reports") return t("case_reports");
    return this.store.house?.queues.find((one) => one.queue === queue)?.display_name ?? queue;
  }

  codeName(code) {
    return this.store.house?.codes.find((one) => one.code === code)?.display_name ?? code;
  }

  kindName(kind) {
    return this.store.house?.cases.find((one) => one.kind === kind)?.display_name ?? kind;
  }

  nameOf(agent) {
    return this.store.items.get("names")?.[agent] ?? agent;
  }

  rings(contact) {
    return contact.at_phone;
  }

  pausesLater() {
    const agent = this.store.agent;
    return agent.status !== "available" && ["busy", "wrapping", "offered"].includes(agent.state);
  }

  attachment(file, contactId) {
    const href = `/api/v1/desk/contacts/${contactId}/attachments/${file.sha256}`;
    const words = [file.name, ` (${sized(file.size_bytes)})`];
    const picture = /^image\/(png|jpeg|gif|webp)$/.test(file.media_type) ? el("img", { src: href, alt: "", loading: "lazy" }) : null;
    return el("a", { class: "attachment", href, download: file.name }, picture, el("span", {}, words));
  }

  notice(text) {
    this.sound.tick();
    document.getElementById("polite").textContent = text;
  }

  complain(text) {
    this.parts.toast.textContent = text;
    this.parts.toast.hidden = false;
    document.getElementById("urgent").textContent = text;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.parts.toast.hidden = true), 8000);
  }

  setKeys(on) {
    this.keysOn = on;
    if (on) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
  }

  keyHandlers() {
    const offer = this.store.offers[0];
    const contact = this.store.current;
    const served = contact && contact.state !== "wrapping" ? contact : undefined;
    const held = this.store.held;
    const step = (by) => held.length && this.choose(held.at((held.findIndex((one) => one.id === this.store.chosen) + by + held.length) % held.length).id);
    return {
      a: offer && !this.rings(offer) ? () => this.accept(offer) : undefined,
      d: offer ? () => this.act({ verb: "decline", contact: offer.contact }) : undefined,
      p: () => this.parts.state.toggle(true),
      r: () => this.act({ verb: "status", status: "available" }),
      t: served ? () => this.transfer(served) : undefined,
      e: served ? () => this.end(served) : undefined,
      h: served?.channel === "voice" ? () => this.hold(served) : undefined,
      ...Object.fromEntries([...Array(9).keys()].map((index) => [String(index + 1), () => this.parts.conversation.wrapping.pick(index)])),
      f: contact?.state === "wrapping" ? () => this.finish(contact) : undefined,
      c: mayOpenCase(this, contact) ? () => openCaseDialog(this, contact) : undefined,
      w: served ? () => this.parts.conversation.focus() : undefined,
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      "?": () => helpDialog(this),
    };
  }

  // How much the agent carries, on the channels of their queues.
  loads() {
    const { agent, house } = this.store;
    const served = new Set(house?.queues.filter((one) => agent?.queues.includes(one.queue)).map((one) => one.channel));
    return Object.entries(agent?.loads ?? {}).filter(([channel, load]) => load.used || !served.size || served.has(channel));
  }

  // --- the page

  build() {
    const state = stateButton(this);
    const offers = offersView(this);
    const contacts = contactList(this);
    const conversation = conversationView(this);
    const customer = customerView(this);
    const top = topBar(this, state, this.sessionEnd.place);
    const toast = el("p", { class: "toast", hidden: true });
    const plans = plansView(this);
    this.parts = { top, plans, state, offers, contacts, conversation, customer, toast };
    fill(
      room,
      el("div", {}, top.place, plans.place),
      el("main", { class: "desk" }, offers.place, contacts.place, conversation.place, customer.place),
      toast,
    );
  }

  render() {
    const { store, parts } = this;
    const wanted = this.wanted && store.items.get(`contact:${this.wanted}`);
    if (wanted?.state === "connected") {
      store.chosen = this.wanted;
      const typed = this.typedAhead;
      if (typed) store.drafts.set(this.wanted, typed);
      if (typed || !store.offers.length) queueMicrotask(() => parts.conversation.focus()); // else its keys would become text
    }
    if (this.wanted && !wanted) this.missed();
    else if (wanted && wanted.state !== "offered") this.wanted = 0;
    if (closeOutdated(store)) this.complain(t("contact_ended_meanwhile"));
    for (const part of [parts.top, parts.plans, parts.state, parts.offers, parts.contacts, parts.conversation, parts.customer]) part.render();
    this.tick();
    const unread = store.held.reduce((sum, contact) => sum + (contact.channel === "voice" ? 0 : store.conversation(contact.id).unread), 0);
    this.sound.ring(store.offers.some((offer) => !this.rings(offer)));
    const rings = store.offers.length ? "☎ " : "";
    document.title = `${rings}${unread ? `(${unread}) ` : ""}${t("desk")}`;
  }

  tick() {
    if (!this.open) return;
    this.sessionEnd.render();
    const now = this.store.nowMs();
    for (const place of document.querySelectorAll("[data-since]")) {
      const text = place.dataset.since === "0" ? "" : duration((now - place.dataset.since / 1e6) / 1000);
      if (place.textContent !== text) place.textContent = text;
    }
    for (const place of document.querySelectorAll("[data-until]")) {
      const left = (place.dataset.until / 1e6 - now) / 1000;
      if (place.tagName === "PROGRESS") place.value = Math.max(0, Math.min(1, left / ((place.dataset.until - place.dataset.from) / 1e9)));
      else place.textContent = duration(Math.ceil(left));
    }
  }
}

new Desk().begin();
