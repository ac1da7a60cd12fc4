// What modules tell those who import them: a module imports only what is below it.

const listeners = new Map();

export const listen = (what, listener) => { listeners.set(what, listener); };

export const tell = (what, said) => listeners.get(what)?.(said);
