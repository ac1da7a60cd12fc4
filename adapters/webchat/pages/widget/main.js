// Puts the widget on the page, and goes on with the chat that was there before a reload.

import { connect, lookAlive } from "./connection.js";
import { describe } from "./describe.js";
import { load } from "./kept.js";
import { takeUp } from "./outbox.js";
import { build, host, toggle } from "./panel.js";
import { wholePage } from "./place.js";

const LATER_MS = 15000;

function mount() {
  build();
  document.body.append(host);
  takeUp();
  const begin = () => {
    if (wholePage) toggle(true);
    else if (load("active")) connect();
  };
  describe().then(begin, () => { if (!host.hidden) setTimeout(() => describe().then(begin, () => {}), LATER_MS); });
}

document.addEventListener("visibilitychange", lookAlive);
window.addEventListener("online", lookAlive);
window.addEventListener("pageshow", (event) => event.persisted && lookAlive());
if (document.body) mount();
else document.addEventListener("DOMContentLoaded", mount);
