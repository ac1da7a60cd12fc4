// What comes in, and what it changes on the page.

import { awaits, chat, formName, isEnding, isUnderWay, questions, say } from "./chat.js";
import { noteDraft } from "./drafts.js";
import { inLog, mark } from "./entries.js";
import { asksNumber, tellOfAgent } from "./fields.js";
import { leaveFiles } from "./files.js";
import { keep, visit } from "./kept.js";
import { clearLog, markRead, showHistory, showLine, showReadBy } from "./lines.js";
import { showNotices } from "./notices.js";
import { sayNext, settle } from "./outbox.js";
import { area, endButton, nameLauncher, root, status } from "./panel.js";
import { refused } from "./refused.js";
import { showSending } from "./sending.js";
import { noteSilence, watchSilence } from "./silence.js";
import { statusWords } from "./status.js";
import { isWritten, toHeading } from "./unsent.js";
import { dropName, turn } from "./views.js";

const FILES_TOLD = 3; // of those that were refused
// What goes on since: why something was not taken is told no longer.
const NEWS = ["message", "open", "assigned", "typing", "ended"];

export function heard(frame) {
  const { state } = chat;
  if (NEWS.includes(frame.type)) chat.refusal = "";
  if (frame.type === "welcome") return welcomed(frame);
  if (frame.type === "ack") return acked(frame);
  if (frame.type === "error") return refused(frame);
  if (frame.type === "history") return showHistory(frame);
  if (frame.type === "notices") return showNotices(frame.notices);
  if (frame.type === "message") showLine(frame.line);
  else if (frame.type === "open") chat.settings.open = frame.open;
  else if (frame.type === "queue") Object.assign(state, frame, { phase: "queued", agent: "" });
  else if (frame.type === "assigned") {
    const { agent, contact_id, idle_limit_s } = frame;
    Object.assign(state, { phase: agent ? "connected" : "queued", agent, contact_id, idle_limit_s, handed_on: !agent, agent_typing: false });
    noteSilence(frame.idle_ends_ms, frame.now_ms);
  } else if (frame.type === "silence") noteSilence(frame.idle_ends_ms, frame.now_ms);
  else if (frame.type === "typing") state.agent_typing = frame.on;
  else if (frame.type === "read") return showReadBy(frame.read_seq);
  else if (frame.type === "ended") ended(frame);
  else return;
  refresh();
}

function ended({ reason, survey, contact_id }) {
  if (contact_id && contact_id === chat.left) return;
  chat.fileWords = {};
  Object.assign(chat.state, { phase: "ended", reason, contact_id, survey: isAnswering(contact_id) ? "" : survey });
}

const isAnswering = (contact) => [...chat.pending.values()].some(({ frame }) => frame.type === "survey" && frame.contact_id === contact);

function welcomed(frame) {
  Object.assign(chat, { attempts: 0, isLost: false });
  keep("session", frame.session);
  chat.settings.open = frame.open;
  const isOlder = frame.seq < chat.afterSeq; // than what is shown: the service was brought back from a backup
  if (isOlder || (frame.state.contact_id !== chat.state.contact_id && chat.state.contact_id)) clearLog();
  if (isOlder) Object.assign(chat, { afterSeq: 0, readSeq: 0, lastAgentSeq: 0, seenSeq: 0 });
  chat.state = isAnswering(frame.state.contact_id) ? { ...frame.state, survey: "" } : frame.state;
  noteSilence(frame.state.idle_ends_ms, frame.now_ms);
  showNotices(frame.state.notices);
  chat.hasHistory = frame.has_history;
  chat.isNamed = frame.named;
  if (chat.isNamed) dropName();
  sayNext();
  refresh();
  showReadBy(chat.state.agent_read_seq);
  markRead();
}

function acked(frame) {
  const entry = settle(frame.client_id);
  if (!entry) return;
  chat.isBusy = false;
  if (entry.frame.type === "start") chat.filled = {};
  if (frame.became === "message") left("message_left", entry);
  else if (frame.became === "callback" && chat.state.phase === "none") left("number_left", entry);
  else inLog(entry, frame.seq);
  if (entry.frame.type === "end") refresh();
}

function left(word, entry) {
  mark(entry, "");
  chat.leftWord = word;
  keep("thanks", word, visit);
  refresh();
}

export function refresh() {
  const { settings, state } = chat;
  if (!settings) return;
  leaveFiles();
  watchSilence();
  keep("active", isUnderWay() || chat.pending.size || chat.unread ? "1" : "");
  nameLauncher();
  const wasAtEnd = root.activeElement === endButton;
  endButton.hidden = !isUnderWay();
  endButton.textContent = say(isEnding() ? "ending" : endButton.dataset.sure ? "end_sure" : "end");
  endButton.setAttribute("aria-disabled", String(isEnding()));
  status.textContent = [statusWords(), chat.refusal, ...Object.values(chat.fileWords).slice(-FILES_TOLD)].filter(Boolean).join(" ");
  if (chat.isBarred) turn("barred");
  else if (state.phase === "ended") turn(state.survey ? "survey" : chat.view === "thanks" ? "thanks" : "ended");
  else if (chat.view === "number" && (asksNumber() || isWritten(area.querySelector("[name=number]")))) tellOfAgent(area);
  else if (isUnderWay()) turn("chat");
  else if (chat.leftWord) turn("left");
  else if (!(chat.view === "chat" && awaits("start"))) turn(settings.open && !questions().length ? "chat" : formName());
  if (isUnderWay()) {
    hide(".greeting", true);
    hide(".number", !(state.phase === "queued" && state.can_leave_number));
  }
  showSending();
  noteDraft();
  hide(".earlier", !chat.hasHistory || chat.historyShown);
  if (wasAtEnd && endButton.hidden) toHeading();
}

function hide(part, isHidden) {
  const found = area.querySelector(part);
  if (!found) return;
  const had = isHidden && found.contains(root.activeElement);
  found.hidden = isHidden;
  if (had) toHeading();
}
