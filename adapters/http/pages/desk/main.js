// The desk: signs in, keeps the socket, and puts the parts of the page together.

import { Acts } from "./acts.js";
import { Arrivals } from "./arrivals.js";
import { Asking } from "./asking.js";
import { countOn } from "./clocks.js";
import { contactList } from "./contact_list.js";
import { conversationView } from "./conversation.js";
import { customerView } from "./customer.js";
import { closeAll, closeOutdated } from "./dialogs.js";
import { el, fill } from "./dom.js";
import { Kept } from "./kept.js";
import { Keys } from "./keys.js";
import { Names } from "./names.js";
import { offersView } from "./offers.js";
import { Outbox } from "./outbox.js";
import { Over } from "./over.js";
import { plansView } from "./plans.js";
import { sessionEnd } from "./session_end.js";
import { setAsideView } from "./set_aside.js";
import { signInView } from "./sign_in.js";
import { Signs } from "./signs.js";
import { Sound } from "./sound.js";
import { hush, say } from "./speech.js";
import { stateButton } from "./state_button.js";
import { onUnkept, wasUnkept } from "./storage.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import { toasts } from "./toasts.js";
import { topBar } from "./top_bar.js";
import { TypedAhead } from "./typed_ahead.js";
import { broken } from "./typed_on.js";
import { sessionNow, Wire } from "./wire.js";
import { loadWords, saying, t } from "./words.js";

const SESSION_EVERY_MS = 300_000;
const room = document.getElementById("room");

class Desk {
  constructor() {
    this.kept = new Kept({ onWrite: () => this.tellUnsaid() });
    this.store = new Store(this.kept);
    this.sessionEnd = sessionEnd(this);
    this.tabs = new Tabs({
      onSignedIn: (agent) => !this.open && this.kept.giveWay(agent),
      onSignedOut: (agent) => agent === this.me && this.forget(saying("ended.session_over")),
      onRenewed: (session) => this.open && session.agent === this.me && this.sessionEnd.renew(session),
    });
    onUnkept(() => this.tellUnkept());
    this.sound = new Sound();
    this.open = false;
    this.names = new Names(this.store);
    this.typedAhead = new TypedAhead(() => this.tellTyped());
    this.outboxes = new Map();
    this.signs = new Signs(this);
    this.acts = new Acts(this);
    this.over = new Over(this);
    this.arrivals = new Arrivals(this);
    this.wire = new Wire({
      hello: () => ({ agent: this.me, after: this.store.after() }),
      onOpen: () => this.outbox.begin(),
      onTold: (told) => this.arrivals.take(told),
      onState: (state) => ((this.store.connection = state), this.store.changed()),
      onEnd: (reason) => this.ended(reason),
    });
    this.asking = new Asking(this.wire, this.store);
    this.store.onChange(() => this.open && this.render());
    this.keys = new Keys(this);
    setInterval(() => this.tick(), 1000);
    document.addEventListener("visibilitychange", () => this.open && this.signs.readShown());
  }

  // --- coming and going

  async begin() {
    await loadWords();
    document.querySelector(".skip").textContent = t("skip");
    try {
      const { session, ended } = await sessionNow();
      if (session) this.enter(session);
      else this.leave(ended === "unknown" ? saying("ended.unknown") : "");
    } catch {
      this.leave(saying("no_connection"));
    }
  }

  // The same one goes on where the session ended; for another one the page begins anew.
  enter(session) {
    this.kept.begin(session.agent);
    this.tabs.signedIn(session.agent);
    if (this.me !== session.agent) this.sitDown(session.agent);
    for (const written of [this.outbox, this.store, this.store.drafts, this.toasts]) written.keep();
    this.sessionEnd.follow(session.until_ns);
    this.stayEveryMs = Math.min(SESSION_EVERY_MS, (1000 * session.idle_limit_s) / 4);
    clearInterval(this.stayTimer);
    this.stayTimer = setInterval(() => this.stay(), this.stayEveryMs);
    if (!this.open) {
      fill(room, ...this.parts.places);
      this.parts.conversation.again();
      this.writtenBefore?.();
      this.writtenBefore = null;
    }
    this.open = true;
    this.tellUnkept();
    this.wire.open();
  }

  sitDown(agent) {
    if (this.open) this.leave("");
    this.me = agent;
    this.isToldUnkept = false;
    this.toasts = toasts(agent, this.kept);
    this.outbox = this.outboxOf(agent);
    this.store.begin(this.outbox);
    for (const part of [this.arrivals, this.acts, this.signs]) part.begin();
    this.writtenBefore = null;
    this.build();
  }

  // One for each who sat here: a file that somebody still brings goes with a line of theirs when they are back.
  outboxOf(agent) {
    if (this.outboxes.has(agent)) return this.outboxes.get(agent);
    const outbox = new Outbox(agent, this.kept, {
      send: (said) => this.outbox === outbox && this.wire.send(said),
      onChange: () => this.store.changed(),
      onLost: (command, contactId, why) => this.outbox === outbox && this.acts.lost(command, contactId, why),
    });
    this.outboxes.set(agent, outbox);
    return outbox;
  }

  // Over, unless the same agent has signed in again meanwhile, in another tab.
  async ended(reason) {
    const now = reason === "session_over" ? await sessionNow().catch(() => null) : null;
    const session = now?.session;
    if (!this.me) return; // signed out meanwhile, in another tab
    if (session?.agent === this.me) this.enter(session);
    else {
      const why = session ? "other_agent" : (now?.ended ?? reason);
      if (why === "other_agent") this.kept.giveWay(session?.agent);
      this.leave(saying(`ended.${why}`));
    }
  }

  leave(said) {
    const typing = this.typedAhead.field;
    const text = this.me ? broken(typing) : null;
    this.open = false;
    this.sound.ring(false);
    this.wire.close();
    this.outbox?.rest();
    this.store.unwant();
    this.signs.rest();
    this.writtenBefore = closeAll();
    document.title = t("desk");
    hush();
    fill(room, signInView((session) => this.enter(session), { said, who: this.me, typing: Boolean(typing), text }));
  }

  async signOut() {
    const answer = await fetch("/api/v1/desk/session", { method: "DELETE" }).catch(() => null);
    if (!answer || answer.status >= 500) return this.complain(saying("no_connection"));
    this.kept.endAll();
    this.tabs.signedOut(this.me);
    this.forget(saying("signed_out"));
  }

  /** Whether somebody has written what nobody else has: what reached nobody, too, as long as it is shown. */
  get hasWords() {
    return [this.outbox, this.store.drafts, this.toasts].some((written) => written.hasWords);
  }

  /** Tells the other tabs what would be lost here if the agent signed out there. */
  tellUnsaid() {
    const agent = this.me && this.hasWords ? this.me : "";
    this.tabs.setUnsaid({ agent, files: agent ? this.outbox.files : {} });
  }

  // Nothing of whoever has signed out is left.
  forget(message) {
    const { outbox, me } = this;
    this.me = undefined;
    this.kept.end();
    this.leave(message);
    this.writtenBefore = null;
    this.outboxes.delete(me);
    outbox.end();
    this.store.end();
    this.tellUnsaid();
  }

  // The cookie has to say when somebody was there last: it alone outlives a restart.
  async stay() {
    if (this.open && Date.now() - this.wire.active < 2 * this.stayEveryMs) await sessionNow().catch(() => null);
  }

  // --- what is shown and said

  choose(id, focus = false) {
    if (this.store.over && this.store.over.id !== id) this.over.leave();
    this.store.choose(id);
    if (this.store.current) this.asking.cases(this.store.current.id);
    if (focus) queueMicrotask(() => this.parts.conversation.focus());
  }

  notice(text) {
    this.sound.tick();
    say("polite", text);
  }

  /** Says once to who sits here that their browser keeps nothing. */
  tellUnkept() {
    if (!this.open || this.isToldUnkept || !wasUnkept()) return;
    this.isToldUnkept = true;
    this.complain(saying("not_kept"));
  }

  /** Says that what is being typed reaches nobody, while it does not. */
  tellTyped() {
    const why = saying("typed_to_nobody");
    if (!this.toasts.isShown(why)) this.complain(why);
  }

  complain(why, words, about) {
    if (this.open) this.toasts.complain(why, words, about);
  }

  /** Says what somebody else did, for as long as it `holds`. */
  inform(what, about, holds) {
    if (this.open) this.toasts.inform(what, about, holds);
  }

  // --- the page

  build() {
    this.standing?.abort(); // what the parts of the one before listened to
    this.standing = new AbortController();
    const state = stateButton(this);
    const offers = offersView(this);
    const contacts = contactList(this);
    const conversation = conversationView(this);
    const customer = customerView(this);
    const top = topBar(this, state, this.sessionEnd.place);
    const plans = plansView(this);
    const setAside = setAsideView(this);
    const places = [el("div", {}, top.place, plans.place, setAside.place), el("main", { class: "desk" }, el("div", { class: "above" }, offers.place, this.toasts.place), contacts.place, conversation.place, customer.place)];
    this.parts = { top, plans, setAside, state, offers, contacts, conversation, customer, places };
  }

  render() {
    const { store, parts } = this;
    this.acts.turnToAccepted();
    this.over.leaveWhenSaid();
    if (closeOutdated(store)) {
      this.typedAhead.halt();
      this.complain(saying("contact_ended_meanwhile"));
    }
    for (const part of [this.toasts, parts.top, parts.plans, parts.setAside, parts.state, parts.offers, parts.contacts, parts.conversation, parts.customer]) part.render();
    this.tick();
    const unread = store.held.reduce((sum, contact) => sum + (contact.channel === "voice" ? 0 : store.conversation(contact.id).unread), 0);
    this.sound.ring(store.offers.some((offer) => !offer.at_phone));
    const rings = store.offers.length ? "☎ " : "";
    document.title = `${rings}${unread ? `(${unread}) ` : ""}${t("desk")}`;
  }

  tick() {
    if (!this.open) return;
    this.sessionEnd.render();
    this.over.tick();
    countOn(this.store.nowMs());
  }
}

new Desk().begin();
