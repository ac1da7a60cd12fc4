// What comes in, and what it changes on the page.

import { chat, questions, say } from "./chat.js";
import { keep } from "./kept.js";
import { clearLog, markRead, showHistory, showLine, showReadBy } from "./lines.js";
import { showNotices } from "./notices.js";
import { inLog, mark, sayNext, settle } from "./outbox.js";
import { area, endButton, status } from "./panel.js";
import { refused } from "./refused.js";
import { dropName, show } from "./views.js";

const OVER = ["customer", "agent", "system", "callback", "idle"];
const FILES_TOLD = 3; // of those that were refused

export function heard(frame) {
  const { state } = chat;
  if (frame.type === "welcome") return welcomed(frame);
  if (frame.type === "message") return showLine(frame.line);
  if (frame.type === "ack") return acked(frame);
  if (frame.type === "error") return refused(frame);
  if (frame.type === "history") return showHistory(frame);
  if (frame.type === "notices") return showNotices(frame.notices);
  if (frame.type === "queue") Object.assign(state, frame, { phase: "queued", agent: "" });
  else if (frame.type === "assigned") Object.assign(state, { phase: frame.agent ? "connected" : "queued", agent: frame.agent, agent_typing: false });
  else if (frame.type === "typing") state.agent_typing = frame.on;
  else if (frame.type === "read") return showReadBy(frame.read_seq);
  else if (frame.type === "ended") ended(frame);
  else return;
  refresh();
}

function ended({ reason, survey, contact_id }) {
  if (contact_id && contact_id === chat.left) return;
  chat.fileWords = {};
  Object.assign(chat.state, { phase: "ended", reason, contact_id, survey: isAnswering() ? "" : survey });
}

const isAnswering = () => [...chat.pending.values()].some((one) => one.frame.type === "survey");

function welcomed(frame) {
  chat.attempts = 0;
  keep("session", frame.session);
  chat.settings.open = frame.open;
  const isOlder = frame.seq < chat.afterSeq; // than what is shown: the service was brought back from a backup
  if (isOlder || (frame.state.contact_id !== chat.state.contact_id && chat.state.contact_id)) clearLog();
  if (isOlder) Object.assign(chat, { afterSeq: 0, readSeq: 0, lastAgentSeq: 0, seenSeq: 0 });
  chat.state = isAnswering() ? { ...frame.state, survey: "" } : frame.state;
  showNotices(frame.state.notices);
  chat.hasHistory = frame.has_history;
  chat.isNamed = frame.named;
  if (chat.isNamed) dropName();
  keep("active", isUnderWay() ? "1" : "");
  sayNext();
  refresh();
  showReadBy(chat.state.agent_read_seq);
  markRead();
}

function acked(frame) {
  const entry = settle(frame.client_id);
  if (!entry) return;
  chat.isBusy = false;
  const { type } = entry.frame;
  if (type === "start" && !chat.settings.open) left("message_left", entry);
  else if (type === "leave_number" && chat.state.phase === "none") left("number_left", entry);
  else inLog(entry, frame.seq);
}

function left(word, entry) {
  mark(entry, "");
  status.textContent = say(word);
  show("left");
}

const isUnderWay = () => chat.state.phase === "queued" || chat.state.phase === "connected";

function waitWords() {
  const { state } = chat;
  const told = [state.position > 1 ? say("position", state) : state.position === 1 ? say("next") : say("waiting")];
  if (state.longer) told.push(say("wait_longer"));
  if (state.wait_high_min) {
    const values = { low: state.wait_low_min, high: state.wait_high_min };
    told.push(say(state.wait_low_min > 0 ? "wait_range" : "wait_below", values));
  } else if (state.position) told.push(say("wait_unknown"));
  return told.join(" ");
}

function statusWords() {
  const { phase, reason } = chat.state;
  if (chat.isBarred) return say("not_allowed");
  if (chat.isBusy) return say("busy");
  if (!chat.link) return say(chat.attempts > 1 ? "reconnecting" : "connecting");
  if (phase === "queued") return waitWords();
  if (phase === "connected") return say(chat.state.agent_typing ? "typing" : "joined", { agent: chat.state.agent });
  if (phase === "ended") return say(reason === "idle" ? "ended_idle" : reason === "callback" ? "number_left" : OVER.includes(reason) ? "ended" : "ended_lost");
  return chat.view === "left" ? status.textContent : chat.settings.open ? "" : say("closed");
}

export function refresh() {
  const { settings, state } = chat;
  if (!settings) return;
  keep("active", isUnderWay() || chat.pending.size ? "1" : "");
  endButton.hidden = !isUnderWay();
  status.textContent = [statusWords(), ...Object.values(chat.fileWords).slice(-FILES_TOLD)].filter(Boolean).join(" ");
  if (chat.isBarred) show("barred");
  else if (state.phase === "ended") show(state.survey ? "survey" : chat.view === "thanks" ? "thanks" : "ended");
  else if (isUnderWay()) {
    if (chat.view !== "number" || state.phase !== "queued") show("chat");
    hide(".greeting", true);
    hide(".number", !(state.phase === "queued" && state.can_leave_number));
  } else if (chat.view !== "left" && !(chat.view === "number" && !settings.open)) show(settings.open && !questions().length ? "chat" : "form");
  hide(".earlier", !chat.hasHistory || chat.historyShown);
}

function hide(part, isHidden) {
  const found = area.querySelector(part);
  if (found) found.hidden = isHidden;
}
