// Pointing at the phase diagram, by mouse, finger or arrow keys: numbers, and one experiment.

const EDGE = 8; // pixels about the box of numbers

async function showTip(cell) {
  const number = Number(cell.dataset.number);
  const tip = byId("tip");
  if (tip.dataset.number !== String(number)) hideTip();
  tip.dataset.number = number;
  const found = unpacked.get(number) ?? (await block(number));
  if (tip.dataset.number !== String(number)) return;
  tip.replaceChildren(...tipLines(byNumber.get(number), found));
  tip.hidden = false;
  cell.setAttribute("aria-describedby", "tip");
  putBeside(tip, cell.getBoundingClientRect());
}

// under it, above it or at its side, where there is room, and always within the window
function putBeside(tip, place) {
  const { offsetWidth: width, offsetHeight: height } = tip;
  let [left, top] = [place.left, place.bottom + EDGE];
  if (top + height + EDGE > innerHeight) top = place.top - height - EDGE;
  if (top < EDGE) {
    const right = place.right + EDGE;
    left = right + width + EDGE <= innerWidth ? right : place.left - width - EDGE;
    top = place.top;
  }
  const within = (wanted, most) => Math.max(EDGE, Math.min(wanted, most - EDGE));
  tip.style.left = `${within(left, innerWidth - width) + scrollX}px`;
  tip.style.top = `${within(top, innerHeight - height) + scrollY}px`;
}

function tipLines(one, found) {
  const time = data.times[view.time];
  const frame = frameAt(found, time);
  const numbers =
    frame === null
      ? []
      : data.quantities.map(({ name, longName, units }) => [
          longName,
          withUnits(valueAt(found, name, frame.time), units),
        ]);
  return [
    element("strong", {}, `exp${one.number} · ${spoken(one.state)}`),
    element("div", {}, unbroken(described(one))),
    one.remark ? element("div", { className: "why" }, one.remark) : null,
    frame === null
      ? null
      : element(
          "div",
          { className: "small" },
          `at ${short(frame.time)} t0, of ${short(one.stop)} t0`,
        ),
    pairs(numbers),
  ].filter(Boolean);
}

function pairs(list) {
  return element(
    "dl",
    { className: "pairs" },
    ...list.flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]),
  );
}

function hideTip() {
  const tip = byId("tip");
  cells.get(Number(tip.dataset.number))?.removeAttribute("aria-describedby");
  tip.dataset.number = "";
  tip.hidden = true;
}

// after the time or the picture changed
function renewTip() {
  const { number } = byId("tip").dataset;
  const cell = number && cells.get(Number(number));
  if (cell) showTip(cell);
  else hideTip();
}

function move(from, key) {
  const all = [...cells.values()];
  const at = all.indexOf(from);
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (key === "ArrowLeft") return all[at - 1];
  if (key === "ArrowRight") return all[at + 1];
  const here = from.getBoundingClientRect();
  const sign = key === "ArrowDown" ? 1 : -1;
  const away = (cell) => {
    const place = cell.getBoundingClientRect();
    const ahead = sign * (place.top - here.top);
    return ahead > 4 ? ahead * 1000 + Math.abs(place.left - here.left) : Infinity;
  };
  const best = all.reduce((a, b) => (away(b) < away(a) ? b : a));
  return away(best) < Infinity ? best : undefined;
}

function moveTo(cell) {
  takeTurn(cell);
  cell.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  cell.focus({ preventScroll: true });
}

// of all cells one is a stop of the Tab key
function takeTurn(cell) {
  for (const other of cells.values()) other.tabIndex = -1;
  cell.tabIndex = 0;
}

function startGrid() {
  const grid = byId("grid");
  const cellOf = (event) => event.target.closest?.(".cell");
  const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  grid.addEventListener("pointerover", (event) =>
    cellOf(event) ? showTip(cellOf(event)) : hideTip(),
  );
  grid.addEventListener("pointerleave", hideTip);
  grid.addEventListener(
    "focusin",
    (event) => cellOf(event)?.matches(":focus-visible") && showTip(cellOf(event)),
  );
  grid.addEventListener("focusout", hideTip);
  grid.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    hideTip();
    change({ open: Number(cell.dataset.number) });
  });
  grid.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell || !MOVES.includes(event.key)) return;
    event.preventDefault();
    const next = move(cell, event.key);
    if (next) moveTo(next);
  });
  addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
  listeners.push((part) => {
    if ("rows" in part || "columns" in part || "picks" in part) {
      hideTip(); // it belongs to a picture that is elsewhere now
      buildTools();
      buildGrid();
    }
    if (
      "time" in part ||
      "show" in part ||
      "rows" in part ||
      "columns" in part ||
      "picks" in part
    ) {
      redraw();
      renewTip();
    }
  });
  buildTools();
  buildGrid();
  drawScale(byId("scale"));
  redraw();
}
