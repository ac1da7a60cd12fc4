// Notes about a contact, for colleagues: what was noted, and a place for the next.

import { el, fill } from "./dom.js";
import { wrongOf } from "./outbox.js";
import { clock, t } from "./words.js";

export function notesView(desk) {
  const title = el("h3", {});
  const list = el("ul", { class: "notes" });
  const input = el("textarea", { id: "note", rows: 2, maxLength: 4096 });
  const label = el("label", { for: "note", class: "unseen" });
  const save = el("button", { type: "submit" });
  const form = el("form", { class: "note-form", on: { submit: (event) => (event.preventDefault(), write()) } }, label, input, save);
  const place = el("section", { class: "note-place" }, title, list, form);
  const drafts = desk.store.drafts.notes;
  const saving = new Map();
  let contact = null;

  input.addEventListener("input", () => contact && drafts.set(contact.id, input.value));

  /** Saves what is written of a contact: from then on it is under way, and no draft. Returns whether nothing is left over. */
  function write(of = contact) {
    const text = of ? (drafts.get(of.id) ?? "").trim() : "";
    const before = saving.get(of?.id) ?? Promise.resolve(true);
    if (!text) return before;
    drafts.delete(of.id);
    const all = Promise.all([before, put(of, text)])
      .then((wereTaken) => wereTaken.every(Boolean))
      .finally(() => saving.get(of.id) === all && saving.delete(of.id));
    saving.set(of.id, all);
    return all;
  }

  const put = async (of, text) => !wrongOf(await desk.acts.do({ verb: "note", contact: of.contact, contact_id: of.id, text }));

  function render(current) {
    contact = current;
    place.hidden = !current || current.state === "offered";
    if (place.hidden) return;
    const written = drafts.get(current.id) ?? "";
    if (input.value !== written) input.value = written;
    title.textContent = t("notes");
    label.textContent = t("note_new");
    input.placeholder = t("note_new");
    save.textContent = t("note_save");
    const underWay = desk.outbox.notesOf(current.id);
    const signature = JSON.stringify([current.id, current.notes, underWay, document.documentElement.lang]);
    if (list.dataset.signature === signature) return;
    list.dataset.signature = signature;
    fill(list, (current.notes ?? []).map((note) => el("li", {}, el("span", { class: "note-by" }, desk.names.agent(note.agent), " ", clock(note.at_ns)), el("span", { class: "note-text" }, note.text))), underWay.map((note) => el("li", { class: "under-way" }, el("span", { class: "note-by" }, t("sending")), el("span", {}, note.text))));
  }
  return { place, render, write };
}
