// How long to wait before the service is tried again: longer each time, and by chance, so that not all pages come at once.

const SHORTEST_MS = 500;
const LONGEST_MS = 15_000;

/** The pause in milliseconds after so many failures before this one. */
export const pauseMs = (failures) => Math.min(LONGEST_MS, SHORTEST_MS * 2 ** failures) * (0.5 + Math.random() / 2);
