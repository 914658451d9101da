// Elements of the document.

import { stateName } from "./text.js";

// attributes that are false, null or undefined are left out, and so are missing children
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key in created && key !== "list" && typeof value !== "string") created[key] = value;
    else created.setAttribute(key === "className" ? "class" : key, value);
  }
  created.append(...children.filter((child) => child !== null && child !== undefined));
  return created;
}

export function svg(tag, attributes, ...children) {
  const created = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.append(...children);
  return created;
}

export function byId(id) {
  return document.getElementById(id);
}

export function badge(state) {
  return element("span", { className: `badge ${state}` }, stateName(state));
}

export function pairs(list) {
  return element(
    "dl",
    { className: "pairs" },
    ...list.flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]),
  );
}

export function titled(title, ...content) {
  return element("section", {}, element("h3", {}, title), ...content);
}
