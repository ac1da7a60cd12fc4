// Who the customer is, what they told before, and what became of their earlier contacts.

import { casesView } from "./cases.js";
import { el, fill, keep, linked } from "./dom.js";
import { notesView } from "./notes.js";
import { address, person } from "./people.js";
import { clock, day, duration, t } from "./words.js";

const SHOWN_ELSEWHERE = new Set(["name", "display_name", "customer_name", "signed", "callback_queue", "deadline_ns", "number", "callback_number", "call_id", "resolved_by", "resolved_ns", "answer_to", "called_by", "consultation_of"]);
const WORDS = { case_id: "of_case.case_id", case_kind: "of_case.case_kind", subject: "of_case.subject", resolution: "of_case.resolution", callback_of: "callback_of", page: "page" };

// A colleague who asks called the one who is asked: the customer came in elsewhere, also where they are put through.
const entryOf = (contact) => (contact.asked_by || contact.attributes?.consultation_of ? "" : contact.entry);

export function customerView(desk) {
  const title = el("h2", { id: "customer-title" });
  const facts = el("dl", { class: "facts" });
  const pastTitle = el("h3", {});
  const past = el("ul", { class: "past" });
  const none = el("p", { class: "empty" });
  const notes = notesView(desk);
  const cases = casesView(desk);
  const place = el("aside", { class: "customer", "aria-labelledby": "customer-title" }, title, facts, notes.place, cases.place, pastTitle, none, past);
  let shown = "";

  const fact = (word, said) => (said ? el("div", {}, el("dt", {}, word), el("dd", {}, said)) : null);

  function outcome(one) {
    if (one.state !== "closed") return t("still_open");
    if (one.exit === "answered") return t("served_for", { time: duration(one.talk_s) });
    return t(`exit.${one.exit}`);
  }

  function make(one) {
    const transcript = el("div", { class: "transcript" });
    const details = el(
      "details",
      { on: { toggle: () => details.open && open(one, transcript) } },
      el(
        "summary",
        {},
        el("span", { class: "past-icon", "aria-hidden": "true" }, one.channel === "voice" ? "☎" : "✉"),
        el("span", { class: "past-text" }, el("span", {}, day(one.arrived_ns), " · ", desk.names.queue(one.queue)), el("span", { class: "past-out" }, outcome(one), one.agent ? ` · ${desk.names.agent(one.agent)}` : "", one.code ? ` · ${desk.names.code(one.code)}` : ""), one.notes.length ? el("span", { class: "past-notes" }, "✎ ", t("has_notes", { n: one.notes.length })) : null),
      ),
      one.notes.length ? el("ul", { class: "notes" }, one.notes.map((note) => el("li", {}, el("span", { class: "note-by" }, desk.names.agent(note.agent), " ", day(note.at_ns)), el("span", { class: "note-text" }, note.text)))) : null,
      transcript,
    );
    return el("li", {}, details);
  }

  async function open(one, transcript) {
    if (transcript.childElementCount) return;
    fill(transcript, el("p", { class: "empty" }, t("loading")));
    const told = await desk.wire.ask({ what: "transcript", contact_id: one.id });
    if (told.dropped) return transcript.replaceChildren();
    const said = told.conversation?.messages ?? [];
    fill(
      transcript,
      said.length
        ? said.map((line) => el("p", { class: `past-line by-${line.by}` }, el("b", {}, line.by === "agent" ? desk.names.agent(line.agent) : line.by === "system" ? t("automatic") : desk.names.customer(desk.store.current ?? {})), ` ${clock(line.at_ns)} `, linked(line.text || line.attachment?.name || "")))
        : told.error || !one.notes.length ? el("p", { class: "empty" }, told.error ?? t("no_lines")) : null,
    );
  }

  function render() {
    const contact = desk.store.current ?? desk.acts.nextOffer;
    place.hidden = !contact;
    notes.render(contact);
    cases.render(contact);
    if (!contact) return;
    const earlier = desk.store.earlier.get(contact.id);
    const signature = JSON.stringify([contact.id, contact.attributes, contact.asked_by, contact.priority, earlier ?? String(earlier), document.documentElement.lang]);
    if (signature === shown) return;
    shown = signature;
    title.textContent = t("customer");
    const more = Object.entries(contact.attributes ?? {}).filter(([key]) => !SHOWN_ELSEWHERE.has(key));
    fill(
      facts,
      fact(t("asked_by"), contact.asked_by),
      fact(t("called_by"), contact.asked_by ? "" : contact.attributes?.called_by && desk.names.agent(contact.attributes.called_by)),
      fact(t("name"), person(contact, earlier)),
      fact(t("known_as"), address(contact)),
      fact(t("callback_number"), contact.attributes?.callback_number),
      fact(t("entry"), entryOf(contact)),
      fact(t("arrived"), day(contact.arrived_ns)),
      fact(t("priority"), contact.priority ? String(contact.priority) : ""),
      fact(t("identity"), contact.attributes?.signed ? t(`identity.${contact.attributes.signed}`) : ""),
      fact(t("deadline"), contact.attributes?.deadline_ns ? day(Number(contact.attributes.deadline_ns)) : ""),
      more.map(([key, said]) => fact(WORDS[key] ? t(WORDS[key]) : key.replaceAll("_", " "), key === "case_kind" ? desk.names.kind(said) : said)),
    );
    pastTitle.textContent = earlier?.length ? t("earlier", { n: earlier.length }) : t("earlier_none_title");
    none.textContent = earlier === undefined ? t("loading") : t(earlier === null ? "earlier_not_told" : "earlier_none");
    none.hidden = Boolean(earlier?.length);
    keep(past, earlier ?? [], (one) => `${contact.id} ${one.id} ${document.documentElement.lang}`, make);
  }
  return { place, render, saveNote: (contact) => notes.write(contact) };
}
