// One contact: its lines and the place to write, or the call; what can be done with it stands above.

import { el, fill, keep, linked } from "./dom.js";
import { attachment } from "./files.js";
import { aboutEnd } from "./over.js";
import { answeredAt, calledBackAt, isWritten, leftAt, mayHold, what } from "./people.js";
import { endOf } from "./acts.js";
import { by, clock, day, saying, t } from "./words.js";
import { mayResolve, settle } from "./cases.js";
import { transferDialog } from "./transfer_dialog.js";
import { wrapUp } from "./wrap_up.js";

function clipIcon() {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(ns, "path");
  shape.setAttribute("d", "M16.5 6v11a4.5 4.5 0 0 1-9 0V5a3 3 0 0 1 6 0v10a1.5 1.5 0 0 1-3 0V6H9v9a3 3 0 0 0 6 0V5a4.5 4.5 0 0 0-9 0v12a6 6 0 0 0 12 0V6z");
  svg.append(shape);
  return svg;
}

export function conversationView(desk) {
  const heading = el("h2", { id: "contact-title", tabIndex: -1 });
  const under = el("p", { class: "under" });
  const actions = el("div", { class: "actions" });
  const lines = el("ol", { class: "lines", tabIndex: 0 });
  const typing = el("p", { class: "typing" });
  const call = el("div", { class: "call" });
  const task = el("div", { class: "task" });
  const wrapping = wrapUp(desk);
  const input = el("textarea", { id: "line", rows: 2, maxLength: 4096, enterKeyHint: "send" });
  const send = el("button", { type: "submit", class: "primary" });
  const chooser = el("input", { type: "file", hidden: true, multiple: true, on: { change: () => (attach(chooser.files, chosenFor || shown), (chooser.value = "")) } });
  const clip = el("button", { type: "button", class: "clip", on: { click: () => ((chosenFor = shown), chooser.click()) } }, clipIcon());
  const composer = el("form", { class: "composer", on: { submit: (event) => (event.preventDefault(), say()) } }, chooser, clip, input, send);
  const elsewhere = el("p", { class: "elsewhere" });
  const nothing = el("div", { class: "nothing" });
  const body = el("div", { class: "contact-body" }, el("header", { class: "contact-head" }, el("div", {}, heading, under), actions), lines, typing, call, task, wrapping.place, elsewhere, composer);
  const place = el("section", { class: "conversation", id: "work", "aria-labelledby": "contact-title" }, nothing, body);
  let shown = 0;
  let written = 0; // to whom somebody is in the middle of a line, be it empty again
  let chosenFor = 0; // for whom files are being chosen, whoever is shown by then

  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      say();
    }
  });
  input.addEventListener("input", () => {
    if (!shown) return;
    grow();
    written = shown;
    desk.store.drafts.lines.set(shown, input.value);
    if (isServed(desk.store.current)) desk.signs.typing(shown, input.value !== "");
  });
  lines.addEventListener("scroll", () => desk.signs.readShown(), { passive: true });

  // Files come by the button, by pasting a picture, and by dropping them anywhere on the conversation.
  input.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  });
  place.addEventListener("dragover", (event) => canAttach() && event.preventDefault());
  place.addEventListener("drop", (event) => {
    if (!canAttach()) return;
    event.preventDefault();
    attach(event.dataTransfer.files);
  });

  const isServed = (contact) => !contact?.over && (contact?.state === "connected" || contact?.state === "held");
  const canAttach = () => Boolean(shown && desk.store.house?.files && !composer.hidden);

  function attach(files, contactId = shown) {
    const contact = desk.store.items.get(`contact:${contactId}`);
    if (!contact) desk.complain(saying("file_refused", { name: files[0].name, why: saying("refused.wrong_state") }));
    else if (desk.store.house?.files) desk.acts.attach(contact, [...files]);
  }

  function grow() {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, 180)}px`;
  }

  function say() {
    const contact = desk.store.current;
    const text = input.value.trim();
    if (!text || contact?.id !== shown) return;
    if (!isServed(contact) && !desk.acts.taking.has(contact.id)) return desk.complain(saying("not_sent", { why: saying("over.line") }), "", aboutEnd(contact.id));
    if (desk.outbox.isLeaving(contact.contact)) return desk.complain(saying("not_sent", { why: saying("leaving") }));
    desk.acts.say(contact, text);
    input.value = "";
    written = 0;
    desk.store.drafts.lines.delete(contact.id);
    grow();
    lines.scrollTop = lines.scrollHeight;
  }

  function line(said) {
    const mine = said.by === "agent" && said.agent === desk.store.agent?.agent;
    const name = said.by === "agent" ? (mine ? t("you") : desk.names.agent(said.agent)) : said.by === "system" ? t("automatic") : desk.names.customer(desk.store.current);
    return el(
      "li",
      { class: `line by-${said.by}${mine ? " mine" : ""}` },
      el("p", { class: "line-by" }, el("span", { class: "line-who" }, name), " ", el("time", {}, clock(said.at_ns))),
      el("div", { class: "bubble" }, said.text ? el("p", { class: "line-text" }, linked(said.text)) : null, said.attachment ? attachment(said.attachment, desk.store.chosen) : null),
      mine ? el("p", { class: "line-state" }) : null,
    );
  }

  // Lines of one side within two minutes stand together under one name; the name is still there to be read aloud.
  function state(item, said) {
    const shownLines = desk.store.shown(desk.store.chosen);
    const before = shownLines[shownLines.indexOf(said) - 1];
    const follows = before && before.by === said.by && before.agent === said.agent && said.at_ns - before.at_ns < 120e9;
    item.classList.toggle("follows", Boolean(follows));
    const place = item.querySelector(".line-state");
    if (!place) return;
    const conversation = desk.store.conversation(desk.store.chosen);
    const text = said.failed ? t("not_sent", { why: said.failed }) : !said.seq ? t("sending") : said.seq <= conversation.customerRead ? t("seen") : t("sent");
    const next = shownLines[shownLines.indexOf(said) + 1];
    place.hidden = !said.failed && next?.by === "agent" && next.agent === said.agent && said.seq > 0 && next.seq > 0;
    if (place.textContent !== text) place.textContent = text;
    item.classList.toggle("failed", Boolean(said.failed));
  }

  function button(word, handler, key, more = {}) {
    return el("button", { type: "button", on: { click: handler }, ...more }, word, key ? el("kbd", { "aria-hidden": "true" }, key) : null);
  }

  function renderActions(contact) {
    const isLeaving = desk.outbox.isLeaving(contact.contact);
    const signature = `${contact.id} ${contact.state} ${Boolean(contact.over)} ${isLeaving} ${contact.ended_by} ${contact.channel} ${document.documentElement.lang}`;
    if (actions.dataset.signature === signature) return;
    actions.dataset.signature = signature;
    const served = isServed(contact) && !isLeaving;
    const ofCase = contact.channel === "task" && contact.attributes?.case_id, told = contact.attributes?.resolution;
    fill(
      actions,
      mayHold(contact) && served && contact.state === "connected" ? button(t("hold"), () => desk.acts.hold(contact), "H") : null,
      mayHold(contact) && served && contact.state === "held" ? button(t("resume"), () => desk.acts.hold(contact), "H", { class: "primary" }) : null,
      served ? button(t("transfer"), () => transferDialog(desk, contact), "T") : null,
      served && mayResolve(contact) ? button(t("resolve_case"), () => settle(desk, contact, Number(contact.attributes.case_id), "resolve_case"), "S", { class: "primary" }) : null,
      ofCase && (told || (contact.state === "wrapping" && contact.ended_by === "system")) ? button(t("reopen_case"), () => settle(desk, contact, Number(contact.attributes.case_id), "reopen_case")) : null,
      served ? button(t(endOf(contact)), () => desk.acts.end(contact), "E", { class: "danger" }) : null,
    );
  }

  // Of a callback nobody here knows how far the call is: whoever took it calls the number, or their phone does.
  function renderCall(contact) {
    call.hidden = contact.channel !== "voice" || contact.state === "wrapping";
    if (call.hidden) return;
    const state = calledBackAt(contact) && contact.state === "connected" ? what(contact) : t(`contact.${contact.state}`);
    fill(call, el("p", { class: "call-state" }, state), el("p", { class: "call-timer", data: { since: String(contact.since_ns) } }));
  }

  // Who is told of a case may be another one than who opened it, as where somebody wrote it down for them.
  const toldTo = ({ case_opened_by: opener }) => (!opener ? "task_told.reported" : opener === desk.me ? "task_told.own" : "task_told.others");

  // What is to be done, or what became of a case.
  function renderTask(contact) {
    task.hidden = contact.channel !== "task" || contact.state === "wrapping";
    if (task.hidden) return;
    const { subject, resolution, case_id: id, case_kind: kind, resolved_by: resolver, resolved_ns: atNs } = contact.attributes ?? {};
    const told = resolution ? { id, kind: desk.names.kind(kind), opener: desk.names.agent(contact.case_opened_by), time: day(Number(atNs)) } : null;
    fill(
      task,
      told ? el("p", { class: "task-word" }, by(toldTo(contact), desk.names.agent(resolver), told)) : null,
      el("p", { class: "task-subject" }, subject ?? ""),
      resolution ? el("p", { class: "task-said" }, resolution) : null,
    );
  }

  // Who left a message sees no line any more: they are written to, or called, by other means.
  function renderElsewhere(contact) {
    const to = answeredAt(contact);
    elsewhere.hidden = !to || contact.state === "wrapping";
    const signature = `${to} ${document.documentElement.lang}`;
    if (elsewhere.hidden || elsewhere.dataset.signature === signature) return;
    elsewhere.dataset.signature = signature;
    const href = to.includes("@") ? `mailto:${encodeURIComponent(to).replace("%40", "@")}` : `tel:${to.replace(/[^+\d]/g, "")}`;
    fill(elsewhere, t(to.includes("@") ? "write_elsewhere" : "call_elsewhere"), " ", el("a", { href }, to), ". ", t("end_elsewhere"));
  }

  // A call at a phone is answered there, whatever is pressed here.
  function advice(state) {
    const offer = desk.store.offers[0];
    return state === "offered" && offer && offer.at_phone ? "advice.offered_at_phone" : `advice.${state}`;
  }

  function render() {
    const { store } = desk;
    const contact = store.current;
    nothing.hidden = Boolean(contact);
    body.hidden = !contact;
    if (!contact) {
      shown = 0;
      const state = store.agent?.state ?? "offline";
      fill(nothing, el("p", { class: "nothing-word" }, t(`empty.${state}`)), el("p", { class: "nothing-advice" }, t(advice(state))));
      return;
    }
    const isNew = shown !== contact.id;
    const atEnd = isNew || lines.scrollHeight - lines.scrollTop - lines.clientHeight < 60;
    if (isNew) {
      lines.replaceChildren();
      input.value = store.drafts.lines.get(contact.id) ?? "";
      shown = contact.id;
    }
    heading.textContent = desk.names.customer(contact);
    const from = contact.from_agent ? t(contact.put_back ? "was_with" : "from_agent", { agent: desk.names.agent(contact.from_agent) }) : contact.from_queue ? t("from_queue", { queue: desk.names.queue(contact.from_queue) }) : "";
    const file = desk.outbox.isLeaving(contact.contact) && desk.outbox.files[contact.contact];
    under.textContent = [contact.over ? t("over.word") : "", file ? t("leaves_after_file", { name: file }) : "", what(contact), leftAt(contact), desk.names.queue(contact.queue), from].filter(Boolean).join(" · ");
    renderActions(contact);
    const chat = isWritten(contact);
    const conversation = store.conversation(contact.id);
    lines.hidden = !chat;
    lines.setAttribute("aria-label", t("lines"));
    typing.hidden = !chat || contact.state === "wrapping";
    typing.textContent = conversation.typing ? t("is_typing") : "";
    keep(lines, store.shown(contact.id), (said) => `${said.id ?? said.seq} ${document.documentElement.lang} ${said.by === "customer" ? heading.textContent : ""}`, line, state);
    renderCall(contact);
    renderTask(contact);
    wrapping.render(contact);
    renderElsewhere(contact);
    const isLeft = document.activeElement !== input || !(written === contact.id || input.value);
    if (isLeft) written = 0; // a field in which somebody writes stays until they leave it, also in a wrap-up
    if (contact.state === "wrapping" && isLeft && document.activeElement === input) desk.typedAhead.stop(desk.acts.lettingGo.has(contact.contact));
    composer.hidden = !chat || (contact.state === "wrapping" && isLeft) || !elsewhere.hidden;
    clip.hidden = !store.house?.files;
    clip.setAttribute("aria-label", t("attach"));
    clip.title = t("attach");
    chooser.accept = store.house?.files?.types.join(",") ?? "";
    input.placeholder = t("write");
    input.setAttribute("aria-label", t("write_to", { name: desk.names.customer(contact) }));
    send.textContent = t("send");
    if (isNew) grow();
    if (isNew) stays = true;
    if (atEnd) toEnd();
    desk.signs.readShown();
  }

  // Pictures come later and make the conversation longer: who stands at its end stays there, until they scroll up.
  let stays = true;
  let top = 0;
  new ResizeObserver(() => stays && toEnd()).observe(lines); // what rings takes room above
  const toEnd = () => (lines.scrollTop = lines.scrollHeight);
  lines.addEventListener("load", () => stays && toEnd(), true);
  lines.addEventListener("scroll", () => {
    stays = atEnd() || (stays && lines.scrollTop >= top);
    top = lines.scrollTop;
  });

  const atEnd = () => shown && lines.scrollHeight - lines.scrollTop - lines.clientHeight < 60;
  /** Shown again after the room was another's: at its end, as when it is chosen. */
  const again = () => (shown = 0);
  return { place, render, atEnd, again, focus: () => (composer.hidden ? heading : input).focus(), wrapping };
}
