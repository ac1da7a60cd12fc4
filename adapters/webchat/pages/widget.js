// The visitor's side of the web chat: <script async src="…/widget.js" data-inbox="web"></script>
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || !script.dataset.inbox || document.getElementById("trunkline-chat")) return;
  const inbox = script.dataset.inbox;
  const base = new URL(script.src).origin;
  const wholePage = script.dataset.mode === "page";
  const address = (path, query = {}) => `${base}/chat/v1/${path}?${new URLSearchParams({ inbox, ...query })}`;

  // --- what outlives a reload, where the browser lets us keep anything
  const store = (() => {
    const kept = new Map();
    try {
      const storage = window.localStorage;
      storage.setItem("trunkline", "");
      storage.removeItem("trunkline");
      return storage;
    } catch {
      return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
    }
  })();
  const key = (what) => `trunkline.${base}.${inbox}.${what}`;
  const load = (what) => store.getItem(key(what)) || "";
  const keep = (what, value) => {
    try {
      if (value) store.setItem(key(what), value);
      else store.removeItem(key(what));
    } catch { /* full: it holds for this page alone */ }
  };

  // --- elements; text is only ever set as text
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const icon = (path) => {
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const shape = document.createElementNS(ns, "path");
    shape.setAttribute("d", path);
    svg.append(shape);
    return svg;
  };
  const linked = (text) => {
    const parts = [];
    let end = 0;
    for (const found of text.matchAll(/https?:\/\/[^\s<>"'`]+/gi)) {
      const url = found[0].replace(/[.,;:!?)\]}]+$/, "");
      try {
        if (!/^https?:$/.test(new URL(url).protocol)) continue;
      } catch {
        continue;
      }
      parts.push(text.slice(end, found.index), make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url));
      end = found.index + url.length;
    }
    parts.push(text.slice(end));
    return parts;
  };
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

  // --- state
  let words = {};
  let settings = null;
  let state = { phase: "none" };
  let afterSeq = 0;
  let hasHistory = false;
  let link = null; // { send(frame), close() } once welcomed
  let attempts = 0;
  let barred = 0; // WebSockets that never opened
  let retry = null;
  let view = "";
  let isOpen = false;
  let unread = 0;
  let readSeq = 0;
  let lastAgentSeq = 0;
  const lines = new Map(); // seq -> element
  const pending = new Map(); // client_id -> { frame, element }
  const say = (word, values = {}) => (words[word] || word).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  // --- the page
  const host = make("div", { id: "trunkline-chat" });
  const root = host.attachShadow({ mode: "open" });
  const log = make("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" });
  const status = make("p", { class: "status", role: "status" });
  const area = make("div", { class: "area" });
  const title = make("h2", { id: "title" });
  const endButton = make("button", { type: "button", class: "quiet", hidden: true, onclick: endChat });
  const closeButton = make("button", { type: "button", class: "quiet icon", onclick: () => toggle(false) }, icon("M5 11h14v2H5z"));
  const panel = make(
    "section",
    { class: "panel", role: "dialog", "aria-labelledby": "title", id: "panel", hidden: true, onkeydown: (event) => {
      if (event.key === "Escape" && !wholePage) { event.stopPropagation(); toggle(false); }
    } },
    make("header", {}, title, endButton, closeButton), log, status, area,
  );
  const badge = make("span", { class: "badge", hidden: true });
  const launcher = make(
    "button",
    { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel", onclick: () => toggle(!isOpen) },
    icon("M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z"), badge,
  );
  root.append(panel, launcher);
  if (wholePage) host.classList.add("whole");

  const style = `
:host{all:initial;--ink:#0f172a;--paper:#fff;--soft:#eef2f7;--muted:#475569;--edge:#7b8797;--main:#1d4ed8;--bad:#b42318;
 font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink)}
@media (prefers-color-scheme:dark){:host{--ink:#f1f5f9;--paper:#111a2c;--soft:#1e2a40;--muted:#a9b6c9;--edge:#7486a0;--main:#2f63e0;--bad:#ff8f87}}
*{box-sizing:border-box}[hidden]{display:none!important}
button,input,textarea{font:inherit;color:inherit}
button{cursor:pointer;min-height:40px;border:1px solid transparent;border-radius:8px;padding:6px 14px;background:var(--main);color:#fff}
button.quiet{background:transparent;color:inherit;border-color:transparent}button.second{background:transparent;color:var(--ink);border-color:var(--edge)}
button.icon{padding:8px;min-width:40px;display:inline-grid;place-items:center}
:focus-visible{outline:3px solid #f0b429;outline-offset:2px}
svg{width:22px;height:22px;fill:currentColor}
.launcher{position:fixed;right:20px;bottom:20px;width:60px;height:60px;border-radius:50%;padding:0;display:grid;place-items:center;box-shadow:0 4px 16px #0005;z-index:2147483000}
.badge{position:absolute;top:-2px;right:-2px;min-width:22px;border-radius:11px;background:#b42318;color:#fff;font-size:13px;line-height:22px}
.panel{position:fixed;right:20px;bottom:92px;width:min(380px,calc(100vw - 24px));height:min(600px,calc(100vh - 112px));display:flex;flex-direction:column;background:var(--paper);border:1px solid var(--edge);border-radius:14px;overflow:hidden;box-shadow:0 8px 32px #0004;z-index:2147483000}
header{display:flex;align-items:center;gap:4px;padding:8px 8px 8px 16px;background:#1d4ed8;color:#fff}
header h2{flex:1;margin:0;font-size:1.05em;overflow-wrap:anywhere}header button{border-color:#ffffff80!important}
.log{flex:1;overflow-y:auto;padding:12px;display:flex;flex-direction:column;gap:8px}
.line{max-width:85%;align-self:flex-start;background:var(--soft);border-radius:12px;padding:8px 12px;overflow-wrap:anywhere;white-space:pre-wrap}
.line.customer{align-self:flex-end;background:#1d4ed8;color:#fff}.line.system{align-self:center;background:none;color:var(--muted)}
.line.customer a{color:#fff}.line a{color:inherit}.who{display:block;font-size:.8em;color:var(--muted)}.customer .who{color:#dbe6ff}
.mark{display:block;font-size:.75em;text-align:right}.line.failed{background:var(--paper);color:var(--bad);border:1px solid var(--bad)}.failed .who{color:inherit}
.status{margin:0;padding:4px 14px;min-height:1.8em;color:var(--muted);font-size:.9em}
.area{padding:8px 12px 12px;border-top:1px solid var(--soft);max-height:75%;overflow-y:auto}
form{display:flex;flex-direction:column;gap:10px;margin:0}label{display:block;font-size:.9em}label>input,label>textarea{margin-top:4px}.area p{margin:4px 0 10px}
input,textarea{width:100%;background:var(--paper);border:1px solid var(--edge);border-radius:8px;padding:8px}::placeholder{color:var(--muted);opacity:1}textarea{resize:none;min-height:44px;max-height:140px}
.number{margin-bottom:8px}.row{display:flex;gap:8px;align-items:flex-end}.row>textarea,.row>label{flex:1}
fieldset{border:0;margin:0;padding:0}legend{padding:0;margin-bottom:6px}
.scores{display:flex;flex-wrap:wrap;gap:6px}.scores label{position:relative;font-size:1em}.scores input{position:absolute;opacity:0;inset:0;width:100%;height:100%;margin:0}
.scores span{display:grid;place-items:center;min-width:40px;height:40px;border:1px solid var(--edge);border-radius:8px}
.scores input:checked+span{background:var(--main);color:#fff}.scores input:focus-visible+span{outline:3px solid #f0b429;outline-offset:2px}
.ends{display:flex;justify-content:space-between;font-size:.8em;color:var(--muted)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.past{border-bottom:1px solid var(--edge);padding-bottom:8px;display:flex;flex-direction:column;gap:6px}.past time{color:var(--muted);font-size:.8em;text-align:center}
:host(.whole) .panel{inset:0;width:100%;height:100%;border:0;border-radius:0}:host(.whole) .launcher,:host(.whole) header .icon{display:none}
@media (max-width:480px){.panel{inset:0;width:100%;height:100%;height:100dvh;border:0;border-radius:0}.panel:not([hidden])+.launcher{display:none}}
@media (prefers-reduced-motion:no-preference){.log{scroll-behavior:smooth}}`;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", {}, style));
  }

  // --- lines
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  function lineElement(line) {
    const who = line.by === "customer" ? say("you") : line.agent || say("system");
    const element = make("div", { class: `line ${["customer", "agent", "system"].includes(line.by) ? line.by : "system"}` });
    element.append(make("span", { class: "who" }, who), ...linked(line.text || ""));
    if (line.file) {
      const size = Math.max(1, Math.round(line.file.size_bytes / 1024));
      element.append(make("a", { class: "file", href: line.file.url ? base + line.file.url : null, target: "_blank", rel: "noopener noreferrer" }, `${line.file.name} (${size} kB)`));
    }
    element.append(make("span", { class: "mark" }));
    return element;
  }
  function place(element, seq) {
    const follow = atEnd();
    element.dataset.seq = seq;
    let before = null;
    for (let at = log.lastElementChild; at; at = at.previousElementSibling) {
      if (at.classList.contains("past") || (at.dataset.seq && Number(at.dataset.seq) < seq)) break;
      before = at;
    }
    log.insertBefore(element, before);
    lines.set(seq, element);
    if (follow) toEnd();
  }
  function showLine(line) {
    afterSeq = Math.max(afterSeq, line.seq);
    if (!lines.has(line.seq)) {
      place(lineElement(line), line.seq);
      if (line.by === "agent" && !(isOpen && document.visibilityState === "visible")) setUnread(unread + 1);
    }
    if (line.by === "agent") lastAgentSeq = Math.max(lastAgentSeq, line.seq);
    markRead();
  }
  function markRead() {
    if (!isOpen || document.visibilityState !== "visible" || !link || lastAgentSeq <= readSeq) return;
    readSeq = lastAgentSeq;
    link.send({ type: "read", seq: readSeq });
  }
  function showReadBy(seq) {
    for (const [at, element] of lines) {
      if (element.classList.contains("customer")) element.querySelector(".mark").textContent = at <= seq ? say("read") : "";
    }
  }
  function setUnread(count) {
    unread = count;
    badge.textContent = String(count);
    badge.hidden = !count;
  }
  function clearLog() {
    for (const element of lines.values()) element.remove();
    lines.clear();
  }

  // --- what the visitor says: shown at once, kept until it is in the log, said again under the same name
  const keepPending = () => keep("pending", pending.size ? JSON.stringify([...pending.values()].map((one) => one.frame)) : "");
  function put(frame, shown) {
    const entry = { frame, element: null };
    if (frame.text || shown) {
      entry.element = lineElement({ by: "customer", text: frame.text || "", file: shown });
      entry.element.querySelector(".mark").textContent = say("sending");
      log.append(entry.element);
      toEnd();
    }
    pending.set(frame.client_id, entry);
    keepPending();
    if (link) link.send(frame);
    else connect();
  }
  function acked(frame) {
    const entry = pending.get(frame.client_id);
    if (!entry) return;
    pending.delete(frame.client_id);
    keepPending();
    if (entry.frame.type === "start" && !settings.open) return left("message_left", entry);
    if (entry.frame.type === "leave_number" && state.phase === "none") return left("number_left", entry);
    if (!entry.element) return;
    if (lines.has(frame.seq)) entry.element.remove();
    else {
      entry.element.querySelector(".mark").textContent = "";
      place(entry.element, frame.seq);
    }
  }
  function left(word, entry) {
    if (entry.element) entry.element.querySelector(".mark").textContent = "";
    status.textContent = say(word);
    show("left");
  }
  function refused(frame) {
    const entry = pending.get(frame.client_id);
    if (frame.retry_after_s > 0 && entry) {
      setTimeout(() => link && pending.has(frame.client_id) && link.send(entry.frame), frame.retry_after_s * 1000);
      return;
    }
    if (!entry) {
      if (["identity_required", "bad_identity", "no_inbox"].includes(frame.code)) {
        status.textContent = say("not_allowed");
        retry = "never";
      }
      return;
    }
    pending.delete(frame.client_id);
    keepPending();
    if (entry.element) {
      entry.element.classList.add("failed");
      entry.element.querySelector(".mark").textContent = say("failed", { reason: frame.detail });
    }
    status.textContent = say("failed", { reason: frame.detail });
    if (entry.frame.type === "start") show("form", true);
  }

  // --- frames
  function heard(frame) {
    if (frame.type === "welcome") return welcomed(frame);
    if (frame.type === "message") return showLine(frame.line);
    if (frame.type === "ack") return acked(frame);
    if (frame.type === "error") return refused(frame);
    if (frame.type === "history") return showHistory(frame);
    if (frame.type === "queue") Object.assign(state, frame, { phase: "queued", agent: "" });
    else if (frame.type === "assigned") Object.assign(state, { phase: frame.agent ? "connected" : "queued", agent: frame.agent, agent_typing: false });
    else if (frame.type === "typing") state.agent_typing = frame.on;
    else if (frame.type === "read") return showReadBy(frame.read_seq);
    else if (frame.type === "ended") Object.assign(state, { phase: "ended", reason: frame.reason, survey: frame.survey });
    else return;
    refresh();
  }
  function welcomed(frame) {
    attempts = 0;
    keep("session", frame.session);
    settings.open = frame.open;
    if (frame.state.contact_id !== state.contact_id && state.contact_id) clearLog();
    state = frame.state;
    hasHistory = frame.has_history;
    keep("active", state.phase === "queued" || state.phase === "connected" ? "1" : "");
    for (const { frame: said } of pending.values()) link.send(said);
    refresh();
    showReadBy(state.agent_read_seq);
    markRead();
  }
  function waitWords() {
    const told = [state.position > 1 ? say("position", state) : state.position === 1 ? say("next") : say("waiting")];
    if (state.longer) told.push(say("wait_longer"));
    if (state.wait_high_min) {
      const values = { low: state.wait_low_min, high: state.wait_high_min };
      told.push(say(state.wait_low_min > 0 ? "wait_range" : "wait_below", values));
    } else if (state.position) told.push(say("wait_unknown"));
    return told.join(" ");
  }
  function refresh() {
    if (!settings) return;
    const { phase } = state;
    keep("active", phase === "queued" || phase === "connected" || pending.size ? "1" : "");
    endButton.hidden = phase !== "queued" && phase !== "connected";
    if (!link) status.textContent = say(attempts > 1 ? "reconnecting" : "connecting");
    else if (phase === "queued") status.textContent = waitWords();
    else if (phase === "connected") status.textContent = say(state.agent_typing ? "typing" : "joined", { agent: state.agent });
    else if (phase === "ended") {
      const lost = ["customer", "agent", "system", "callback", "idle"].includes(state.reason) ? "ended" : "ended_lost";
      status.textContent = say(state.reason === "idle" ? "ended_idle" : state.reason === "callback" ? "number_left" : lost);
    } else if (view !== "left") status.textContent = settings.open ? "" : say("closed");
    if (phase === "ended") show(state.survey ? "survey" : view === "thanks" ? "thanks" : "ended");
    else if (phase === "queued" || phase === "connected") {
      if (view !== "number" || phase !== "queued") show("chat");
      const greeting = area.querySelector(".greeting");
      if (greeting) greeting.hidden = true;
      const button = area.querySelector(".number");
      if (button) button.hidden = !(phase === "queued" && state.can_leave_number);
    } else if (view !== "left" && !(view === "number" && !settings.open)) show(settings.open && !settings.fields.length ? "chat" : "form");
  }

  // --- views of what can be done now
  const field = (name, label, kind, required) => {
    const attributes = { name, required, maxlength: 512, autocomplete: { email: "email", tel: "tel" }[kind] || (name === "name" ? "name" : null) };
    return make("label", {}, `${label}${required ? ` (${say("required")})` : ""}`, make("input", { type: kind, ...attributes }));
  };
  const views = {
    form() {
      const fields = settings.fields.map((one) => field(one.name, one.label, one.kind, one.required));
      if (!settings.open && !settings.can_leave_message) {
        return [make("p", {}, say("closed")), ...(settings.can_leave_number ? [numberButton()] : []), ...historyButton()];
      }
      const text = make("textarea", { name: "", rows: "3", maxlength: 4096, required: !settings.open });
      return [
        make("p", {}, settings.open ? settings.greeting : say("closed_message")),
        make("form", { onsubmit: submitForm }, ...fields, make("label", {}, say("message"), text),
          make("button", { type: "submit" }, say(settings.open ? "start" : "leave_message"))),
        ...(!settings.open && settings.can_leave_number ? [numberButton()] : []), ...historyButton(),
      ];
    },
    chat() {
      const text = make("textarea", { rows: "1", maxlength: 4096, "aria-label": say("write"), placeholder: say("write"), oninput: typed, onkeydown: (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); sendText(text); }
      } });
      const row = make("form", { class: "row", onsubmit: (event) => { event.preventDefault(); sendText(text); } }, text,
        make("button", { type: "submit", class: "icon", "aria-label": say("send") }, icon("M3 20V4l18 8zm2-3 12-5L5 7v4l6 1-6 1z")));
      row.style.flexDirection = "row";
      if (settings.files.length) {
        const input = make("input", { type: "file", hidden: true, accept: settings.files.join(","), onchange: () => { for (const file of input.files) upload(file); input.value = ""; } });
        row.prepend(input, make("button", { type: "button", class: "icon second", "aria-label": say("attach"), onclick: () => input.click() },
          icon("M16.5 6v11a4.5 4.5 0 0 1-9 0V5a3 3 0 0 1 6 0v10a1.5 1.5 0 0 1-3 0V6H9v9a3 3 0 0 0 6 0V5a4.5 4.5 0 0 0-9 0v12a6 6 0 0 0 12 0V6z")));
      }
      const number = numberButton();
      number.hidden = !(state.phase === "queued" && state.can_leave_number);
      return [make("div", { class: "greeting", hidden: state.phase !== "none" }, make("p", {}, settings.greeting), ...historyButton()), number, row];
    },
    number() {
      const form = make("form", { onsubmit: (event) => {
        event.preventDefault();
        put({ type: "leave_number", client_id: random(), number: form.elements.number.value.trim() });
        if (state.phase !== "none") show("chat");
      } }, field("number", say("number"), "tel", true), make("button", { type: "submit" }, say("call_me")),
        make("button", { type: "button", class: "second", onclick: () => { view = ""; refresh(); focusFirst(); } }, say("back")));
      return [form];
    },
    survey() {
      const [low, high] = { csat: [1, 5], nps: [0, 10], ces: [1, 7] }[state.survey];
      const scores = [];
      for (let score = low; score <= high; score += 1) {
        scores.push(make("label", {}, make("input", { type: "radio", name: "score", value: score, required: true }), make("span", {}, String(score))));
      }
      const form = make("form", { onsubmit: (event) => {
        event.preventDefault();
        link?.send({ type: "survey", score: Number(form.elements.score.value), comment: form.elements.comment.value });
        state.survey = "";
        show("thanks");
      } }, make("fieldset", {}, make("legend", {}, say(state.survey)), make("div", { class: "scores" }, ...scores),
        make("div", { class: "ends" }, make("span", {}, `${low}: ${say(`${state.survey}_low`)}`), make("span", {}, `${high}: ${say(`${state.survey}_high`)}`))),
        make("label", {}, say("comment"), make("textarea", { name: "comment", rows: "2", maxlength: 4000 })),
        make("div", { class: "row" }, make("button", { type: "submit" }, say("submit")), againButton()));
      return [form];
    },
    thanks: () => [make("p", {}, say("thanks")), againButton()],
    ended: () => [againButton()],
    left: () => [againButton()],
  };
  const numberButton = () => make("button", { type: "button", class: "second number", onclick: () => show("number", true) }, say("leave_number"));
  const againButton = () => make("button", { type: "button", class: "second", onclick: () => {
    state = { phase: "none" };
    view = "";
    clearLog();
    for (const element of log.querySelectorAll(".line:not([data-seq]), .past")) element.remove();
    describe().then(refresh).then(focusFirst);
  } }, say("again"));
  const historyButton = () => hasHistory
    ? [make("button", { type: "button", class: "quiet", onclick: (event) => { event.target.hidden = true; link?.send({ type: "history" }); } }, say("history"))] : [];
  function show(name, focus = false) {
    if (view === name && !focus) return;
    const had = area.contains(root.activeElement);
    const follow = atEnd();
    view = name;
    area.replaceChildren(...views[name]());
    if (follow) toEnd();
    if (focus || had) focusFirst();
  }
  function focusFirst() {
    if (isOpen) (area.querySelector("input:not([hidden]),textarea") || area.querySelector("button") || closeButton).focus();
  }
  function showHistory(frame) {
    const past = frame.conversations.map((one) => make("div", { class: "past" },
      make("time", {}, new Date(one.at_ms).toLocaleString(words.locale)), ...one.lines.map(lineElement)));
    for (const element of past) log.prepend(element);
    if (frame.before_id) {
      const more = make("button", { type: "button", class: "quiet past", onclick: () => { more.remove(); link?.send({ type: "history", before_id: frame.before_id }); } }, say("more"));
      log.prepend(more);
    }
  }

  // --- doing
  function begin(text, fields) {
    put({ type: "start", client_id: random(), text, fields });
  }
  function submitForm(event) {
    event.preventDefault();
    const fields = {};
    for (const input of event.target.querySelectorAll("input")) if (input.value.trim()) fields[input.name] = input.value.trim();
    begin(event.target.querySelector("textarea").value.trim(), fields);
    if (settings.open) show("chat", true);
  }
  function sendText(text) {
    const said = text.value.trim();
    if (!said) return;
    text.value = "";
    stopTyping();
    if (state.phase === "none" && ![...pending.values()].some((one) => one.frame.type === "start")) begin(said, {});
    else put({ type: "message", client_id: random(), text: said });
  }
  async function upload(file) {
    if (file.size > settings.file_bytes_max) {
      status.textContent = say("too_large", { size: Math.floor(settings.file_bytes_max / 1048576) });
      return;
    }
    try {
      const answer = await fetch(address("files", { name: file.name }), { method: "POST", body: file, headers: { Authorization: `Bearer ${load("session") || session}` } });
      if (!answer.ok) throw new Error(answer.status === 415 ? say("bad_type") : await answer.text());
      const found = await answer.json();
      put({ type: "message", client_id: random(), text: "", attachment: found.ticket }, found);
    } catch (error) {
      status.textContent = say("failed", { reason: error.message });
    }
  }
  let typedAt = 0;
  let typingTimer = null;
  function typed() {
    clearTimeout(typingTimer);
    typingTimer = setTimeout(stopTyping, 5000);
    if (state.phase === "connected" && link && Date.now() - typedAt > 3000) {
      typedAt = Date.now();
      link.send({ type: "typing", on: true });
    }
  }
  function stopTyping() {
    clearTimeout(typingTimer);
    if (typedAt && link) link.send({ type: "typing", on: false });
    typedAt = 0;
  }
  function endChat() {
    if (!endButton.dataset.sure) { // asked in place: frames may not ask otherwise
      endButton.dataset.sure = "1";
      endButton.textContent = say("end_sure");
      setTimeout(() => { delete endButton.dataset.sure; endButton.textContent = say("end"); }, 4000);
    } else if (link) link.send({ type: "end" });
  }
  function toggle(open) {
    isOpen = open;
    panel.hidden = !open;
    launcher.setAttribute("aria-expanded", String(open));
    launcher.setAttribute("aria-label", say(open ? "close" : "open"));
    if (!open) return launcher.focus();
    setUnread(0);
    Promise.resolve(settings || describe()).then(() => { connect(); refresh(); toEnd(); focusFirst(); markRead(); });
  }

  // --- the connection
  let session = "";
  async function describe() {
    try {
      const answer = await fetch(address(`inboxes/${encodeURIComponent(inbox)}`, { locale: script.dataset.locale || navigator.languages?.join(",") || "" }));
      if (!answer.ok) throw new Error(answer.status);
      settings = await answer.json();
      words = settings.texts;
    } catch (error) {
      host.hidden = error.message === "403" || error.message === "404";
      settings = null;
      throw error;
    }
    host.lang = words.locale;
    title.textContent = settings.title;
    log.setAttribute("aria-label", say("conversation"));
    endButton.textContent = say("end");
    closeButton.setAttribute("aria-label", say("close"));
    launcher.setAttribute("aria-label", say(isOpen ? "close" : "open"));
    return settings;
  }
  const hello = () => ({ type: "hello", inbox, session: load("session") || session, after_seq: afterSeq, jwt: session ? "" : script.dataset.jwt || "", locale: words.locale || "" });
  const kept = (frame) => { if (frame.type === "welcome") session = frame.session; heard(frame); };
  let connecting = false;
  function connect() {
    if (link || connecting || retry === "never") return;
    clearTimeout(retry);
    connecting = true;
    attempts += 1;
    refresh();
    if (barred >= 2 || !window.WebSocket) poll();
    else openSocket();
  }
  function lost() {
    link = null;
    connecting = false;
    if (retry === "never") return;
    refresh();
    const delay = Math.min(30, 2 ** Math.min(attempts - 1, 5)) * (0.5 + Math.random() / 2);
    clearTimeout(retry);
    retry = setTimeout(connect, delay * 1000);
  }
  let answered = null; // set while a ping waits
  function openSocket() {
    const socket = new WebSocket(address("ws").replace(/^http/, "ws"));
    let opened = false;
    const late = setTimeout(() => socket.close(), 15000);
    socket.onopen = () => { opened = true; barred = 0; socket.send(JSON.stringify(hello())); };
    socket.onmessage = ({ data }) => {
      clearTimeout(answered);
      const frame = JSON.parse(data);
      if (frame.type === "welcome") {
        clearTimeout(late);
        connecting = false;
        link = { send: (said) => socket.readyState === 1 && socket.send(JSON.stringify(said)), close: () => socket.close() };
      }
      kept(frame);
    };
    socket.onclose = () => { clearTimeout(late); clearTimeout(answered); if (!opened) barred += 1; lost(); };
  }
  async function poll() {
    const ask = async (path, query, options = {}) => {
      const headers = session || load("session") ? { Authorization: `Bearer ${session || load("session")}` } : {};
      const answer = await fetch(address(path, query), { ...options, headers });
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    };
    let on = true;
    const post = async (frame) => (await ask("frames", {}, { method: "POST", body: JSON.stringify(frame) })).frames.forEach(kept);
    let queue = Promise.resolve();
    const mine = { send: (frame) => { queue = queue.then(() => post(frame)).catch(() => mine.close()); }, close: () => { on = false; } };
    try {
      const { frames } = await ask("frames", {}, { method: "POST", body: JSON.stringify(hello()) });
      session = frames[0].session || session;
      connecting = false;
      link = mine;
      frames.forEach(kept);
      for (let seen = ""; on; ) {
        const batch = await ask("messages", { after_seq: afterSeq, seen });
        seen = batch.seen;
        batch.frames.forEach(kept);
      }
    } catch { /* said below */ }
    if (link === mine || connecting) lost();
  }
  function lookAlive() {
    if (!settings || document.visibilityState !== "visible") return;
    markRead();
    if (isOpen) setUnread(0);
    if (link) {
      link.send({ type: "ping" });
      clearTimeout(answered);
      const mine = link;
      if (barred < 2) answered = setTimeout(() => mine.close(), 5000);
    } else if (isOpen || load("active")) connect();
  }
  document.addEventListener("visibilitychange", lookAlive);
  window.addEventListener("online", lookAlive);
  window.addEventListener("pageshow", (event) => event.persisted && lookAlive());

  // --- begin
  function mount() {
    document.body.append(host);
    try {
      for (const frame of JSON.parse(load("pending") || "[]")) if (frame.client_id) pending.set(frame.client_id, { frame, element: null });
    } catch { keep("pending", ""); }
    describe().then(() => {
      if (wholePage) toggle(true);
      else if (load("active")) connect();
    }, () => { if (!host.hidden) setTimeout(() => describe().catch(() => {}), 15000); });
  }
  if (document.body) mount();
  else document.addEventListener("DOMContentLoaded", mount);
})();
