// Files that go with lines: how one is brought, and how it is shown.

import { el } from "./dom.js";
import { sized, t } from "./words.js";

const REFUSED = { 400: "file_empty", 408: "file_late", 415: "file_kind", 429: "file_later", 503: "file_no_room" };

/** Brings a file first; the line that it goes with follows, under a name of its own like every other. */
export async function sendFile(desk, contact, file) {
  const { outbox } = desk; // the agent's who attached it, whoever sits here when it has arrived
  const most = desk.store.house.files.bytes_max;
  if (file.size > most) return desk.complain(t("file_too_large", { size: sized(most) }));
  try {
    const place = `/api/v1/desk/contacts/${contact.id}/attachments?${new URLSearchParams({ name: file.name })}`;
    const answer = await fetch(place, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
    const told = await answer.json();
    if (answer.status === 413) return desk.complain(t("file_too_large", { size: sized(most) }));
    if (!answer.ok) return desk.complain(t("file_refused", { name: file.name, why: REFUSED[answer.status] ? t(REFUSED[answer.status]) : told.detail }));
    const { ticket, ...attachment } = told;
    desk.acts.write({ verb: "say", contact: contact.contact, contact_id: contact.id, attachment: ticket }, contact.id, attachment, outbox);
  } catch {
    desk.complain(t("no_connection"));
  }
}

export function attachment(file, contactId) {
  const href = `/api/v1/desk/contacts/${contactId}/attachments/${file.sha256}`;
  const words = [file.name, ` (${sized(file.size_bytes)})`];
  const picture = /^image\/(png|jpeg|gif|webp)$/.test(file.media_type) ? el("img", { src: href, alt: "", loading: "lazy" }) : null;
  return el("a", { class: "attachment", href, download: file.name }, picture, el("span", {}, words));
}
