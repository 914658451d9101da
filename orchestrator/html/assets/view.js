// What is shown of the sweep, and its changes. The address keeps it, so that a page that is loaded
// again, or whose address is sent to somebody, shows the same; the browser's way back closes an
// experiment.

import { fragmentOf, viewOf } from "./address.js";
import { byNumber, data } from "./sweep.js";

export const view = addressed();
const listeners = [];
let leaving = false; // on the way back to where an experiment was opened

function addressed() {
  return viewOf(location.hash, { ...data, numbers: byNumber });
}

// a listener gets the part of the view that has changed
export function onChange(listener) {
  listeners.push(listener);
}

export function change(part) {
  const before = view.open;
  Object.assign(view, part);
  if (before === null && view.open !== null) rememberOpened();
  else if (before !== null && view.open === null) rememberClosed();
  else remember();
  announce(part);
}

function announce(part) {
  for (const listener of listeners) listener(part);
}

// entries that are ours have a state; that of an address which somebody wrote is null
function remember() {
  history.replaceState({ opened: Boolean(history.state?.opened) }, "", fragmentOf(view));
}

function rememberOpened() {
  if (leaving) return; // until then there is no telling which entry this is
  if (history.state === null) history.replaceState({ opened: false }, "", location.href);
  history.pushState({ opened: true }, "", fragmentOf(view));
}

function rememberClosed() {
  if (!history.state?.opened)
    remember(); // it was open when the page came
  else if (!leaving) {
    leaving = true;
    history.back();
  }
}

// back and forward open and close, and change nothing else; another address changes all
function arrive() {
  const { open } = addressed();
  if (leaving) {
    leaving = false;
    if (view.open === null) remember();
    else rememberOpened();
  } else if (history.state === null) {
    Object.assign(view, addressed());
    remember();
    announce({ ...view });
  } else if (open !== view.open) {
    view.open = open;
    remember();
    announce({ open });
  }
}

export function startHistory() {
  addEventListener("popstate", arrive);
  addEventListener("hashchange", arrive);
}
