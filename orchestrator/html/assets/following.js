// Loading again while the sweep runs, without the reader losing the place in the page.

const QUIET_MS = 4000; // nobody is disturbed who has just touched something
const THINKING_MS = 30_000; // nor who is about to go on writing or choosing
const SCROLLED = ".scroll, #detail-body, pre"; // the log of an open experiment is the last of them

function startFollowing() {
  if (data.follow === null) return;
  let touched = -Infinity;
  for (const kind of ["pointerdown", "pointermove", "keydown", "input", "wheel", "touchmove"]) {
    addEventListener(kind, () => (touched = performance.now()), { passive: true });
  }
  const wish = `again.${data.name}`;
  const again = element("input", {
    type: "checkbox",
    checked: kept(wish, undefined, "sessionStorage") !== "no",
    id: "again",
  });
  again.addEventListener("change", () =>
    kept(wish, again.checked ? "yes" : "no", "sessionStorage"),
  );
  byId("follow").append(element("label", {}, again, ` load again every ${data.follow} s`));
  byId("follow").hidden = false;
  const busy = () => {
    const chooses = document.activeElement?.matches('[type="search"], select');
    const quiet = performance.now() - touched;
    return quiet < (chooses ? THINKING_MS : QUIET_MS) || playing !== null || document.hidden;
  };
  setInterval(() => {
    if (!again.checked || busy() || !getSelection().isCollapsed) return;
    kept("place", JSON.stringify(place()), "sessionStorage");
    location.reload();
  }, 1000 * data.follow);
}

// ---- the place in the page -----------------------------------------------------------------

function place() {
  const scrolled = [...document.querySelectorAll(SCROLLED)];
  const { activeElement: focused } = document;
  return {
    rows: made,
    scrolled: scrolled.map((one) => [one.scrollLeft, one.scrollTop]),
    focused: wordsFor(focused),
    caret: focused === byId("words") ? [focused.selectionStart, focused.selectionEnd] : null,
    opener: wordsFor(opener),
  };
}

// what finds an element on the page that is loaded next, where it may be another
function wordsFor(one) {
  const tells = ["id", "data-number", "data-open", "data-sort", "aria-label", "href"];
  const told = tells.find((name) => one?.getAttribute(name));
  return told ? `${one.localName}[${told}="${CSS.escape(one.getAttribute(told))}"]` : null;
}

// before an experiment is opened: where focus goes when it is closed
function comeBack() {
  const before = JSON.parse(kept("place", undefined, "sessionStorage") ?? "null");
  kept("place", "", "sessionStorage");
  while (before && made < Math.min(before.rows, listed.length)) extend();
  if (view.open !== null) focusOn(before?.opener ?? `[data-number="${view.open}"]`);
  return before;
}

// once all is there that was
function settle(before) {
  if (!before) return;
  focusOn(before.focused);
  if (before.caret) byId("words").setSelectionRange(...before.caret);
  [...document.querySelectorAll(SCROLLED)].forEach((one, i) => {
    [one.scrollLeft, one.scrollTop] = before.scrolled[i] ?? [0, 0];
  });
}

function focusOn(words) {
  const one = words && document.querySelector(words);
  if (!one) return;
  if (one.matches(".cell")) takeTurn(one);
  one.focus({ preventScroll: true });
}
