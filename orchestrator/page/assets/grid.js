// The phase diagram: tools above, pictures on the grid of two axes, numbers on hover and focus.

const MOST_COLUMNS = 24; // of a grid; a longer single axis flows over several lines
const cells = new Map(); // number -> button
const seen = new Set(); // numbers of the cells in or near the window
const watcher = new IntersectionObserver(sight, { rootMargin: "300px" });

function sight(entries) {
  for (const entry of entries) {
    const number = Number(entry.target.dataset.number);
    if (entry.isIntersecting) {
      seen.add(number);
      drawCell(number);
    } else seen.delete(number);
  }
}

// ---- which axes lie where ------------------------------------------------------------------

function sides() {
  const rows = axisOf(view.rows) ?? swept[0];
  const columns = axisOf(view.columns) ?? swept.find((axis) => axis !== rows);
  return { rows, columns: columns === rows ? swept.find((axis) => axis !== rows) : columns };
}

function pickedLabel(axis) {
  return axis.labels.includes(view.picks[axis.id]) ? view.picks[axis.id] : axis.labels[0];
}

function shown({ rows, columns }) {
  const others = swept.filter((axis) => axis !== rows && axis !== columns);
  return experiments.filter((one) => others.every((axis) => axis.label(one) === pickedLabel(axis)));
}

// the wider side of the window takes the longer axis, as far as the pictures' shape allows
function chooseSides() {
  if (swept.length < 2 || view.rows || view.columns) return;
  const [first, second] = swept;
  const shape = (across, down) => Math.abs(Math.log((2 * across.labels.length) / down.labels.length / 1.4));
  const turned = shape(first, second) < shape(second, first);
  view.rows = (turned ? second : first).id;
  view.columns = (turned ? first : second).id;
}

// ---- tools ---------------------------------------------------------------------------------

function buildTools() {
  const tools = byId("tools");
  const { rows, columns } = sides();
  tools.replaceChildren(timeTool(), showTool());
  if (swept.length > 1) {
    tools.append(sideTool("Down", "rows", rows), sideTool("Across", "columns", columns));
  }
  for (const axis of swept) {
    if (axis !== rows && axis !== columns) tools.append(pickTool(axis));
  }
}

function timeTool() {
  const slider = element("input", { id: "time", type: "range", min: "0", max: String(data.times.length - 1), step: "1", "aria-label": "Time", value: String(view.time) });
  slider.disabled = data.times.length < 2;
  slider.addEventListener("input", () => change({ time: Number(slider.value) }));
  const play = element("button", { id: "play", type: "button", className: "quiet", "aria-pressed": "false" }, "Play");
  play.addEventListener("click", togglePlay);
  return element("div", { className: "time grow" }, play, slider, element("output", { id: "time-text", for: "time" }));
}

let playing = null;

function togglePlay() {
  const on = playing === null;
  clearInterval(playing);
  playing = on ? setInterval(() => change({ time: (view.time + 1) % data.times.length }), 500) : null;
  byId("play").textContent = on ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", String(on));
}

function chooser(id, label, options, value, changed) {
  const list = element("select", { id }, ...options.map(([key, text]) => element("option", { value: key }, text)));
  list.value = value;
  list.addEventListener("change", () => changed(list.value));
  return element("label", {}, `${label} `, list);
}

function showTool() {
  const options = [["height", "height maps"], ["relief", "relief about the mean"]];
  for (const { name, longName } of data.quantities) {
    if (scales[name]) options.push([name, longName]);
  }
  if (!scales[view.show]) view.show = "height";
  return chooser("show", "Show", options, view.show, (show) => change({ show }));
}

function sideTool(label, key, axis) {
  const other = key === "rows" ? "columns" : "rows";
  const options = swept.map(({ id }) => [id, id.replaceAll(" ", ", ")]);
  return chooser(`side-${key}`, label, options, axis.id, (id) => {
    const now = sides();
    const part = { [key]: id, [other]: now[other].id };
    if (part[other] === id) part[other] = axis.id; // the two change places
    change(part);
  });
}

function pickTool(axis) {
  const options = axis.labels.map((label) => [label, label]);
  return chooser(`pick-${axis.id.replaceAll(" ", "-")}`, "At", options, pickedLabel(axis), (label) =>
    change({ picks: { ...view.picks, [axis.id]: label } }),
  );
}

// ---- the grid ------------------------------------------------------------------------------

function buildGrid() {
  watcher.disconnect();
  seen.clear();
  cells.clear();
  const where = sides();
  const chosen = shown(where);
  const flows = !where.columns || where.columns.labels.length > MOST_COLUMNS;
  byId("grid").replaceChildren(flows ? flow(chosen) : table(chosen, where));
  const first = cells.values().next().value;
  if (first) first.tabIndex = 0;
  for (const cell of cells.values()) watcher.observe(cell);
}

function table(chosen, { rows, columns }) {
  const places = new Map();
  for (const one of chosen) {
    const place = `${rows.label(one)}\n${columns.label(one)}`;
    places.set(place, [...(places.get(place) ?? []), one]);
  }
  const head = columns.labels.map((label) => element("th", { scope: "col" }, unbroken(label)));
  const lines = rows.labels.map((row) =>
    element("tr", {}, element("th", { scope: "row" }, unbroken(row)), ...columns.labels.map((column) => {
      const here = places.get(`${row}\n${column}`) ?? [];
      return element("td", {}, here.length ? makeCell(here[0], here.length - 1) : null);
    })),
  );
  const grid = element("table", { role: "grid", className: "grid", "aria-labelledby": "diagram-title" },
    element("thead", {}, element("tr", {}, element("td"), ...head)), element("tbody", {}, ...lines));
  grid.style.setProperty("--columns", columns.labels.length);
  return grid;
}

function flow(chosen) {
  return element("div", { className: "flow", role: "group", "aria-labelledby": "diagram-title" },
    ...chosen.map((one) => element("div", {}, makeCell(one, 0), element("div", { className: "label" }, unbroken(flowLabel(one))))));
}

function flowLabel(one) {
  return swept.length ? swept.map((axis) => axis.label(one)).join(", ") : `exp${one.number}`;
}

function makeCell(one, more) {
  const note = [one.state === "done" ? "" : spoken(one.state), more ? `and ${more} more` : ""].filter(Boolean);
  const cell = element("button", { type: "button", className: `cell ${one.state}`, "data-number": String(one.number), tabIndex: -1 },
    element("span", { className: "picture" }, element("canvas", { width: 2, height: 1 }), element("span", { className: "figure" })),
    note.length ? element("span", { className: "note" }, note.join(", ")) : null);
  cell.setAttribute("aria-label", `exp${one.number}, ${described(one)}, ${spoken(one.state)}`);
  cells.set(one.number, cell);
  return cell;
}

// ---- drawing -------------------------------------------------------------------------------

async function drawCell(number) {
  const found = unpacked.get(number) ?? (await block(number));
  const cell = cells.get(number);
  if (!cell || !seen.has(number)) return;
  const canvas = cell.querySelector("canvas");
  const time = data.times[view.time];
  const frame = frameAt(found, time);
  cell.style.setProperty("--shape", `${found.told.length || 2} / ${found.told.depth || 1}`);
  cell.classList.toggle("empty", frame === null);
  cell.classList.toggle("late", Boolean(frame?.late));
  const figure = cell.querySelector(".figure");
  figure.textContent = "";
  if (frame === null) figure.textContent = "no data yet";
  else if (view.show === "height" || view.show === "relief") drawMap(canvas, found, frame.index, view.show);
  else drawNumber(canvas, figure, valueAt(found, view.show, time));
  if (frame?.late && view.show in { height: 1, relief: 1 }) figure.textContent = `t = ${short(frame.time)}`;
}

function drawNumber(canvas, figure, value) {
  const { low, high } = scales[view.show];
  const part = (value - low) / (high - low || 1);
  canvas.width = 2;
  canvas.height = 1;
  const pen = canvas.getContext("2d");
  if (Number.isFinite(value)) {
    pen.fillStyle = rgb(part);
    pen.fillRect(0, 0, 2, 1);
  }
  figure.textContent = short(value);
}

function redraw() {
  for (const number of seen) drawCell(number);
  const time = short(data.times[view.time] ?? 0);
  byId("time-text").textContent = `t = ${time} t0`;
  byId("time").value = String(view.time);
  byId("time").setAttribute("aria-valuetext", `${time} t0`);
  const { low, high, units, label } = scales[view.show];
  byId("scale-text").textContent = `${label}: ${short(low)} to ${withUnits(high, units)}`;
}

// ---- hover, focus and keys -----------------------------------------------------------------

async function showTip(cell) {
  const number = Number(cell.dataset.number);
  const tip = byId("tip");
  tip.dataset.number = number;
  const found = unpacked.get(number) ?? (await block(number));
  if (tip.dataset.number !== String(number)) return;
  tip.replaceChildren(...tipLines(byNumber.get(number), found));
  tip.hidden = false;
  const place = cell.getBoundingClientRect();
  const left = Math.max(8, Math.min(place.left, innerWidth - tip.offsetWidth - 8));
  const below = place.bottom + 8;
  const fits = below + tip.offsetHeight < innerHeight;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(fits ? below : place.top - tip.offsetHeight - 8) + scrollY}px`;
}

function tipLines(one, found) {
  const time = data.times[view.time];
  const frame = frameAt(found, time);
  const numbers = frame === null ? [] : data.quantities.map(({ name, longName, units }) =>
    [longName, withUnits(valueAt(found, name, frame.time), units)]);
  return [
    element("strong", {}, `exp${one.number} · ${spoken(one.state)}`),
    element("div", {}, unbroken(described(one))),
    one.remark ? element("div", { className: "why" }, one.remark) : null,
    frame === null ? null : element("div", { className: "small" }, `at ${short(frame.time)} t0, of ${short(one.stop)} t0`),
    pairs(numbers),
  ].filter(Boolean);
}

function pairs(list) {
  return element("dl", { className: "pairs" }, ...list.flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]));
}

function hideTip() {
  byId("tip").dataset.number = "";
  byId("tip").hidden = true;
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
  for (const other of cells.values()) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus();
}

function startGrid() {
  const grid = byId("grid");
  const cellOf = (event) => event.target.closest?.(".cell");
  const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  grid.addEventListener("pointerover", (event) => (cellOf(event) ? showTip(cellOf(event)) : hideTip()));
  grid.addEventListener("pointerleave", hideTip);
  grid.addEventListener("focusin", (event) => cellOf(event)?.matches(":focus-visible") && showTip(cellOf(event)));
  grid.addEventListener("focusout", hideTip);
  grid.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    hideTip();
    change({ open: Number(cell.dataset.number) });
  });
  grid.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
    const cell = cellOf(event);
    if (!cell || !MOVES.includes(event.key)) return;
    event.preventDefault();
    const next = move(cell, event.key);
    if (next) moveTo(next);
  });
  listeners.push((part) => {
    if ("rows" in part || "columns" in part || "picks" in part) {
      buildTools();
      buildGrid();
    }
    if ("time" in part || "show" in part || "rows" in part || "columns" in part || "picks" in part) redraw();
  });
  chooseSides();
  buildTools();
  buildGrid();
  drawScale(byId("scale"));
  redraw();
}
