// Puts the widget on the page, and goes on with the chat that was there before a reload.

import { chat } from "./chat.js";
import { connect, lookAlive } from "./connection.js";
import { describe } from "./describe.js";
import { takeUpUnsent } from "./entries.js";
import { load } from "./kept.js";
import { heard, refresh } from "./news.js";
import { toggle } from "./opening.js";
import { takeUp } from "./outbox.js";
import { build, host } from "./panel.js";
import { wholePage } from "./place.js";
import { listen } from "./signals.js";

const AGAIN_AFTER_S = [5, 30, 120, 600];

async function arrive(tries = 0) {
  if (!chat.settings && !(await describe())) {
    if (tries < AGAIN_AFTER_S.length) setTimeout(arrive, AGAIN_AFTER_S[tries] * 1000, tries + 1);
    return;
  }
  takeUpUnsent();
  if (wholePage) toggle(true);
  else if (load("active")) connect();
}

function mount() {
  listen("heard", heard);
  listen("changed", refresh);
  build();
  document.body.append(host);
  takeUp();
  arrive();
}

document.addEventListener("visibilitychange", lookAlive);
window.addEventListener("online", lookAlive);
window.addEventListener("pageshow", (event) => event.persisted && lookAlive());
if (document.body) mount();
else document.addEventListener("DOMContentLoaded", mount);
