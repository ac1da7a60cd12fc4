// Notes about a contact, for colleagues: what was noted, and a place for the next.

import { el, fill } from "./dom.js";
import { clock, t } from "./words.js";

export function notesView(desk) {
  const title = el("h3", {});
  const list = el("ul", { class: "notes" });
  const input = el("textarea", { id: "note", rows: 2, maxLength: 4096 });
  const label = el("label", { for: "note", class: "unseen" });
  const save = el("button", { type: "submit" });
  const form = el("form", { class: "note-form", on: { submit: (event) => (event.preventDefault(), write()) } }, label, input, save);
  const place = el("section", { class: "note-place" }, title, list, form);
  const drafts = new Map();
  let contact = null;
  let shown = 0;

  input.addEventListener("input", () => contact && drafts.set(contact.id, input.value));

  async function write() {
    const text = input.value.trim();
    if (!text || !contact) return;
    const told = await desk.act({ verb: "note", contact: contact.contact, contact_id: contact.id, text });
    if (told.error || told.refused) return;
    drafts.delete(contact.id);
    input.value = "";
  }

  function render(current) {
    contact = current;
    place.hidden = !current || current.state === "offered";
    if (place.hidden) return;
    if (shown !== current.id) {
      shown = current.id;
      input.value = drafts.get(current.id) ?? "";
    }
    title.textContent = t("notes");
    label.textContent = t("note_new");
    input.placeholder = t("note_new");
    save.textContent = t("note_save");
    const signature = JSON.stringify([current.id, current.notes, document.documentElement.lang]);
    if (list.dataset.signature === signature) return;
    list.dataset.signature = signature;
    fill(list, (current.notes ?? []).map((note) => el("li", {}, el("span", { class: "note-by" }, desk.nameOf(note.agent), " ", clock(note.at_ns)), el("span", { class: "note-text" }, note.text))));
  }
  return { place, render };
}
