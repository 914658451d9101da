// The address keeps what is shown, so that a page that is loaded again, or whose address is sent to
// somebody, shows the same; and the browser's way back closes an experiment.

const KEPT = ["show", "rows", "columns", "words", "state", "sort"];
let leaving = false; // on the way back to where an experiment was opened

function address() {
  const kept = new URLSearchParams();
  kept.set("t", view.time);
  for (const key of KEPT) {
    if (view[key]) kept.set(key, view[key]);
  }
  if (view.down) kept.set("down", "1");
  if (view.open !== null) kept.set("open", view.open);
  for (const [axis, label] of Object.entries(view.picks)) kept.set(`pick.${axis}`, label);
  return `#${kept}`;
}

// entries that are ours have a state; that of an address which somebody wrote is null
function remember() {
  history.replaceState({ opened: Boolean(history.state?.opened) }, "", address());
}

function rememberOpened() {
  if (leaving) return; // until then there is no telling which entry this is
  if (history.state === null) history.replaceState({ opened: false }, "", location.href);
  history.pushState({ opened: true }, "", address());
}

function rememberClosed() {
  if (!history.state?.opened) remember(); // it was open when the page came
  else if (!leaving) {
    leaving = true;
    history.back();
  }
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  Object.assign(view, atFirst());
  const time = Number(kept.get("t"));
  if (kept.has("t") && time in data.times) view.time = time;
  for (const key of KEPT) {
    if (kept.has(key)) view[key] = kept.get(key);
  }
  if (!data.states.includes(view.state)) view.state = "";
  view.down = kept.has("down");
  view.open = openedBy(kept);
  for (const [key, label] of kept) {
    if (key.startsWith("pick.")) view.picks[key.slice(5)] = label;
  }
}

function openedBy(kept) {
  const number = Number(kept.get("open"));
  return kept.has("open") && byNumber.has(number) ? number : null;
}

// back and forward open and close, and change nothing else; another address changes all
function arrive() {
  const open = openedBy(new URLSearchParams(location.hash.slice(1)));
  if (leaving) {
    leaving = false;
    if (view.open === null) remember();
    else rememberOpened();
  } else if (history.state === null) {
    recall();
    remember();
    tellAll({ ...view });
  } else if (open !== view.open) {
    view.open = open;
    remember();
    tellAll({ open });
  }
}

function startAddress() {
  addEventListener("popstate", arrive);
  addEventListener("hashchange", arrive);
}
