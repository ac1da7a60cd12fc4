// Elements; text is only ever set as text.

export const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

// What stands in a field, which is empty then: it is said.
export const taken = (field) => {
  const text = field.value.trim();
  field.value = "";
  return text;
};

export const icon = (path) => {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(ns, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
};

// Words with their web addresses as links.
export const linked = (text) => {
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
