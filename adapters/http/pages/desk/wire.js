// The socket: it comes back by itself, goes on from where the page is, and asks again what was not answered.

import { pauseMs } from "./pauses.js";

const ALIVE_EVERY_MS = 15_000;
const LOOK_EVERY_MS = 1000;
const SILENT_MS = 25_000; // the service says something every ten seconds: a link that is silent for so long is dead
const ANSWER_WITHIN_MS = 5000;
const SESSION = "/api/v1/desk/session";

const GONE = 404; // who was signed in is in the configuration no more

/** {session: who is signed in here, null: nobody, ended: why, as the socket's `end` says it}. Raises where nobody answers. */
export async function sessionNow() {
  const answer = await fetch(SESSION, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (answer.status === GONE) return { session: null, ended: "unknown" };
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.status === 200 ? { session: await answer.json(), ended: "" } : { session: null, ended: "session_over" };
}

export class Wire {
  // `hello` says whose page it is, and how far it has each conversation; `onOpen` is called once it was said.
  constructor({ hello, onOpen, onTold, onState, onEnd }) {
    this.hello = hello;
    this.onOpen = onOpen;
    this.onTold = onTold;
    this.onState = onState;
    this.onEnd = onEnd;
    this.questions = new Map();
    this.asked = 0;
    this.failures = 0;
    this.stopped = true;
    this.active = Date.now(); // when somebody did something at the page: opening it counts
    this.activeSaid = 0;
    const hurry = () => document.visibilityState === "visible" && this.hurry();
    addEventListener("online", hurry);
    addEventListener("pageshow", hurry);
    document.addEventListener("visibilitychange", hurry);
    for (const kind of ["keydown", "pointerdown", "wheel"]) addEventListener(kind, () => (this.active = Date.now()), { passive: true });
    setInterval(() => this.#alive(), ALIVE_EVERY_MS);
    setInterval(() => this.#watch(), LOOK_EVERY_MS);
  }

  // A new socket takes the place of the one before, which is not listened to any more: it may be another agent's.
  open() {
    this.stopped = false;
    this.#drop();
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws/desk`);
    this.socket = socket;
    this.heard = Date.now();
    this.onState("connecting");
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.send({ type: "hello", ...this.hello() });
      this.#alive();
      this.onOpen();
      for (const question of this.questions.values()) this.#ask(question);
    };
    socket.onmessage = (message) => socket === this.socket && this.#told(JSON.parse(message.data));
    socket.onclose = () => socket === this.socket && this.#lost();
  }

  #drop() {
    clearTimeout(this.timer);
    const before = this.socket;
    this.socket = null;
    before?.close();
  }

  close() {
    this.stopped = true;
    this.#drop();
    for (const { resolve } of this.questions.values()) resolve({ dropped: true });
    this.questions.clear();
  }

  hurry() {
    if (this.stopped || this.socket?.readyState <= WebSocket.OPEN) return;
    this.failures = 0;
    this.open();
  }

  /** Says something on the socket; returns whether there is one. */
  send(said) {
    const isOpen = this.socket?.readyState === WebSocket.OPEN;
    if (isOpen) this.socket.send(JSON.stringify(said));
    return isOpen;
  }

  /** Asks until there is an answer; `dropped` where the session ended before. */
  ask(question) {
    return new Promise((resolve) => {
      const asked = { question: { id: String((this.asked += 1)), ...question }, resolve };
      this.questions.set(asked.question.id, asked);
      this.#ask(asked);
    });
  }

  #ask(asked) {
    if (this.questions.get(asked.question.id) === asked) this.send({ type: "ask", question: asked.question });
  }

  // What the page does by itself, reading and asking, says nothing of who sits before it: this does.
  #alive() {
    if (this.active === this.activeSaid) return;
    if (this.send({ type: "alive", ago_s: Math.max(0, (Date.now() - this.active) / 1000) })) this.activeSaid = this.active;
  }

  #told(told) {
    this.heard = Date.now();
    if (told.type === "answer") this.#answered(told);
    else if (told.type === "end") {
      if (told.reason === "stopping") return;
      this.close();
      this.onEnd(told.reason);
    } else if (told.type !== "pulse") {
      this.failures = 0;
      this.onState("live");
      this.onTold(told);
    }
  }

  #answered(told) {
    const asked = this.questions.get(told.id);
    if (!asked) return;
    if (told.again_s) {
      setTimeout(() => this.#ask(asked), 1000 * told.again_s);
      return;
    }
    this.questions.delete(told.id);
    asked.resolve(told);
  }

  // Whoever forwards nothing and closes nothing leaves a socket that looks open.
  #watch() {
    if (this.socket && Date.now() - this.heard > SILENT_MS) this.#lost();
  }

  #lost() {
    this.#drop();
    if (this.stopped) return;
    this.onState("lost");
    this.timer = setTimeout(() => this.#retry(), pauseMs(this.failures));
    this.failures += 1;
  }

  async #retry() {
    try {
      const { session, ended } = await sessionNow();
      if (this.stopped || this.socket) return;
      if (session?.agent !== this.hello().agent) {
        this.close();
        this.onEnd(session ? "other_agent" : ended);
        return;
      }
    } catch {
      // Nobody is there: the socket will not be either, and the next try is further off.
    }
    if (!this.stopped && !this.socket) this.open();
  }
}
