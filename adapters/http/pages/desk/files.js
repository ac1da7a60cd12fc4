// Files that go with lines: how one is brought, and how it is shown.

import { el } from "./dom.js";
import { saying, sized } from "./words.js";

const REFUSED = { 400: "file_empty", 408: "file_late", 415: "file_kind", 429: "file_later", 503: "file_no_room" };

const AGAIN_MS = 3000;

/** Waits until it is time to try again, or `signal` says that there is a new link; leaves nothing behind. */
function wait(signal) {
  return new Promise((go) => {
    const timer = setTimeout(end, AGAIN_MS);
    signal.addEventListener("abort", end);

    function end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      go();
    }
  });
}

// Over a link that is lost it is brought again, until the service says something of it or nobody waits for it any more.
async function bring(desk, outbox, id, place, file) {
  while (outbox.isWaiting(id)) {
    const { signal } = outbox.link;
    const isTheirs = desk.open && desk.outbox === outbox; // else it waits for them, as lines do
    try {
      if (!isTheirs) throw new Error("nobody sits here who may bring it");
      const answer = await fetch(place, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file, signal });
      const told = await answer.json().catch(() => null);
      if (answer.status !== 401 && (told || answer.status < 500)) return { answer, told: told ?? {} };
    } catch {
      // The link was lost, or there is none yet.
    }
    if (!signal.aborted) await wait(signal);
  }
  return {};
}

/** Shows a file in its place at once and brings it; the line that it goes with follows, and those written behind it. */
export async function sendFile(desk, contact, file) {
  const { outbox } = desk; // the agent's who attached it, whoever sits here when it has arrived
  const most = desk.store.house.files.bytes_max;
  const tooLarge = saying("file_too_large", { size: most });
  const refuse = (why) => desk.complain(saying("file_refused", { name: file.name, why }));
  if (file.size > most) return refuse(tooLarge);
  const shown = { contactId: contact.id, attachment: { name: file.name, size_bytes: file.size, media_type: file.type }, at_ns: desk.store.nowMs() * 1e6 };
  const id = outbox.announce({ verb: "say", contact: contact.contact, contact_id: contact.id }, shown);
  const place = `/api/v1/desk/contacts/${contact.id}/attachments?${new URLSearchParams({ name: file.name })}`;
  const { answer, told } = await bring(desk, outbox, id, place, file);
  if (!answer || !outbox.isWaiting(id)) return;
  if (answer.ok) return outbox.brought(id, told.ticket);
  outbox.dropFile(id);
  refuse(answer.status === 413 ? tooLarge : REFUSED[answer.status] ? saying(REFUSED[answer.status]) : (told.detail ?? `HTTP ${answer.status}`));
}

export function attachment(file, contactId) {
  if (!file.sha256) return el("span", { class: "attachment" }, file.name, ` (${sized(file.size_bytes)})`); // under way
  const href = `/api/v1/desk/contacts/${contactId}/attachments/${file.sha256}`;
  const words = [file.name, ` (${sized(file.size_bytes)})`];
  const picture = /^image\/(png|jpeg|gif|webp)$/.test(file.media_type) ? el("img", { src: href, alt: "", loading: "lazy" }) : null;
  return el("a", { class: "attachment", href, download: file.name }, picture, el("span", {}, words));
}
