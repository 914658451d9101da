// Reloading while the sweep runs, without the reader losing focus, scroll position or rows.

import { isPlaying } from "./controls.js";
import { detail } from "./detail.js";
import { byId, element } from "./elements.js";
import { makeTabStop } from "./navigation.js";
import { store, stored } from "./storage.js";
import { data } from "./sweep.js";
import { addRows, table } from "./table.js";
import { view } from "./view.js";

const QUIET_MS = 4000; // since the last touch, key or movement
const THINKING_MS = 30_000; // the same, while the reader writes or chooses
const SCROLLED = ".scroll, #detail-body, pre"; // the log of an open experiment is the last of them

export function startReload() {
  if (data.follow === null) return;
  let lastInput = Number.NEGATIVE_INFINITY;
  const noteInput = () => {
    lastInput = performance.now();
  };
  for (const kind of ["pointerdown", "pointermove", "keydown", "input", "wheel", "touchmove"]) {
    addEventListener(kind, noteInput, { passive: true });
  }
  const checkbox = reloadCheckbox();
  const busy = () => {
    const chooses = document.activeElement?.matches('[type="search"], select');
    const quiet = performance.now() - lastInput;
    return quiet < (chooses ? THINKING_MS : QUIET_MS) || isPlaying() || document.hidden;
  };
  setInterval(() => {
    if (!checkbox.checked || busy() || !getSelection().isCollapsed) return;
    store("position", JSON.stringify(position()), "sessionStorage");
    location.reload();
  }, 1000 * data.follow);
}

function reloadCheckbox() {
  const key = `again.${data.name}`;
  const checkbox = element("input", {
    type: "checkbox",
    checked: stored(key, "sessionStorage") !== "no",
    id: "again",
  });
  checkbox.addEventListener("change", () =>
    store(key, checkbox.checked ? "yes" : "no", "sessionStorage"),
  );
  byId("follow").append(element("label", {}, checkbox, ` reload every ${data.follow} s`));
  byId("follow").hidden = false;
  return checkbox;
}

// ---- the reader's position in the page -----------------------------------------------------

function position() {
  const { activeElement: focused } = document;
  return {
    rows: table.rows,
    scrolled: [...document.querySelectorAll(SCROLLED)].map((box) => [
      box.scrollLeft,
      box.scrollTop,
    ]),
    focused: selectorOf(focused),
    caret: focused === byId("words") ? [focused.selectionStart, focused.selectionEnd] : null,
    opener: selectorOf(detail.opener),
  };
}

// finds the same element on the page that is loaded next
function selectorOf(target) {
  const names = ["id", "data-number", "data-open", "data-sort", "aria-label", "href"];
  const name = names.find((each) => target?.getAttribute(each));
  return name ? `${target.localName}[${name}="${CSS.escape(target.getAttribute(name))}"]` : null;
}

// before an experiment is opened: focus goes to its opener when it is closed
export function restoreRows() {
  const before = JSON.parse(stored("position", "sessionStorage") ?? "null");
  store("position", "", "sessionStorage");
  while (before && table.rows < Math.min(before.rows, table.listed.length)) addRows();
  if (view.open !== null) focusOn(before?.opener ?? `[data-number="${view.open}"]`);
  return before;
}

// once all is there that was
export function restorePosition(before) {
  if (!before) return;
  focusOn(before.focused);
  if (before.caret) byId("words").setSelectionRange(...before.caret);
  [...document.querySelectorAll(SCROLLED)].forEach((box, i) => {
    [box.scrollLeft, box.scrollTop] = before.scrolled[i] ?? [0, 0];
  });
}

function focusOn(selector) {
  const target = selector && document.querySelector(selector);
  if (!target) return;
  if (target.matches(".cell")) makeTabStop(target);
  target.focus({ preventScroll: true });
}
