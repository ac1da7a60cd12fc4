// The browser's storage, which may be full or denied: then nothing is kept, nothing fails, and it is known.

class BrowserStorage {
  constructor(find, onUnkept) {
    this.find = find; // where it is denied, so is reaching for it
    this.onUnkept = onUnkept;
  }

  get(key) {
    try {
      return this.find().getItem(key);
    } catch {
      return null;
    }
  }

  /** Returns whether it is kept. */
  set(key, said) {
    try {
      this.find().setItem(key, said);
      return true;
    } catch {
      this.onUnkept();
      return false;
    }
  }

  remove(key) {
    try {
      this.find().removeItem(key);
    } catch {
      // Where it is denied there is nothing to remove.
    }
  }

  keys() {
    try {
      return Object.keys(this.find());
    } catch {
      return [];
    }
  }
}

let isUnkept = false;
let tell = () => {};

function unkept() {
  isUnkept = true;
  tell();
}

export const ofBrowser = new BrowserStorage(() => localStorage, unkept);
export const ofTab = new BrowserStorage(() => sessionStorage, unkept);

/** Whether something could not be kept since the page was loaded. */
export const wasUnkept = () => isUnkept;

/** Calls `then` whenever something cannot be kept. */
export const onUnkept = (then) => (tell = then);
