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

  /** Saves what is written of a contact, once however often it is asked for; returns whether nothing is left over. */
  function write(of = contact) {
    const text = of ? (drafts.get(of.id) ?? "").trim() : "";
    if (!text) return Promise.resolve(true);
    if (saving.has(of.id)) return saving.get(of.id);
    if (desk.outbox.isWaiting("note", of.id, text)) return Promise.resolve(true); // since before a reload
    saving.set(of.id, put(of, text).finally(() => saving.delete(of.id)));
    return saving.get(of.id);
  }

  async function put(of, text) {
    const told = await desk.acts.do({ verb: "note", contact: of.contact, contact_id: of.id, text });
    if (wrongOf(told)) return false;
    if (drafts.get(of.id)?.trim() !== text) return !drafts.get(of.id); // written on meanwhile
    drafts.delete(of.id);
    desk.store.changed();
    return true;
  }

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
    const signature = JSON.stringify([current.id, current.notes, document.documentElement.lang]);
    if (list.dataset.signature === signature) return;
    list.dataset.signature = signature;
    fill(list, (current.notes ?? []).map((note) => el("li", {}, el("span", { class: "note-by" }, desk.names.agent(note.agent), " ", clock(note.at_ns)), el("span", { class: "note-text" }, note.text))));
  }
  return { place, render, write };
}
