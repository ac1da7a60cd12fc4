// What the line between the conversation and the place to write says.

import { chat, say } from "./chat.js";
import { endsSoon } from "./silence.js";

const OVER = ["customer", "agent", "system", "callback", "idle"];

function waitWords() {
  const { state } = chat;
  const told = state.handed_on ? [say("handed_on")] : [];
  told.push(state.position > 1 ? say("position", state) : state.position === 1 ? say("next") : say("waiting"));
  if (state.longer) told.push(say("wait_longer"));
  if (state.wait_high_min) {
    const values = { low: state.wait_low_min, high: state.wait_high_min };
    told.push(say(state.wait_low_min > 0 ? "wait_range" : "wait_below", values));
  } else if (state.position) told.push(say("wait_unknown"));
  return told.join(" ");
}

export function statusWords() {
  const { phase, reason } = chat.state;
  if (chat.isBarred) return say("not_allowed");
  if (chat.isBusy) return say("busy");
  if (!chat.link) return say(chat.isLost || chat.attempts > 1 ? "reconnecting" : "connecting");
  if (phase === "queued") return waitWords();
  if (phase === "connected") return `${say(chat.state.agent_typing ? "typing" : "joined", { agent: chat.state.agent })}${endsSoon() ? ` ${say("idle_soon")}` : ""}`;
  if (phase === "ended") return say(reason === "idle" ? "ended_idle" : reason === "callback" ? "number_left" : OVER.includes(reason) ? "ended" : "ended_lost");
  return chat.leftWord ? say(chat.leftWord) : chat.settings.open ? "" : say("closed");
}
