// The phase diagram: cells on the grid of two axes, or of all one after the other.

import { byPosition, isInPlane, labelOf, several, shownExperiments, sidesOf } from "./axes.js";
import { cells, clearCells, createCell, drawCells, showsMaps, watchCells } from "./cells.js";
import { ticks } from "./charts.js";
import { rgb } from "./colours.js";
import { buildControls } from "./controls.js";
import { byId, element } from "./elements.js";
import { columnsFor } from "./fitting.js";
import { cellAfter, MOVES, moveTo } from "./navigation.js";
import { hasRoom, planeOf } from "./plane.js";
import { axes, data, experiments, scales } from "./sweep.js";
import { short, unbroken, withUnits } from "./text.js";
import { hideTip, showTip, updateTip } from "./tooltip.js";
import { commonUnit, timeInWords } from "./units.js";
import { change, onChange, view } from "./view.js";

const MOST_COLUMNS = 24; // of a grid; longer axes flow over several lines

function buildDiagram() {
  clearCells();
  const sides = sidesOf(axes, data.diagram, view);
  const shown = shownExperiments(experiments, axes, sides, view.picks).sort(byPosition);
  const flows = !sides.rows || !sides.columns || sides.columns.labels.length > MOST_COLUMNS;
  const { plane } = data.diagram;
  if (isPlaneShown()) byId("grid").replaceChildren(planeOf(shown, plane, createCell));
  else byId("grid").replaceChildren(flows ? flow(shown) : grid(shown, sides));
  const first = cells.values().next().value;
  if (first) first.tabIndex = 0;
  fit();
  watchCells();
}

// a plane needs more room than a list
function isPlaneShown() {
  return isInPlane(data.diagram, view) && hasRoom(data.diagram.plane, byId("grid").clientWidth);
}

function grid(shown, { rows, columns }) {
  const slots = new Map();
  for (const experiment of shown) {
    const slot = `${experiment.position[rows.index]} ${experiment.position[columns.index]}`;
    slots.set(slot, [...(slots.get(slot) ?? []), experiment]);
  }
  // of several experiments at a point the newest
  const cellIn = (slot = []) => (slot.length ? createCell(slot.at(-1), slot.length - 1) : null);
  const head = columns.labels.map((label) => element("th", { scope: "col" }, unbroken(label)));
  const body = rows.labels.map((label, row) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, unbroken(label)),
      ...columns.labels.map((_, column) =>
        element("td", {}, cellIn(slots.get(`${row} ${column}`))),
      ),
    ),
  );
  const created = element(
    "table",
    { role: "grid", className: "grid", "aria-labelledby": "diagram-title" },
    element("thead", {}, element("tr", {}, element("td"), ...head)),
    element("tbody", {}, ...body),
  );
  created.style.setProperty("--columns", columns.labels.length);
  return created;
}

function flow(shown) {
  const label = (experiment) => labelOf(experiment, several(axes)) || `exp${experiment.number}`;
  return element(
    "div",
    { className: "flow", role: "group", "aria-labelledby": "diagram-title" },
    ...shown.map((experiment) =>
      element(
        "div",
        {},
        createCell(experiment, 0),
        element("div", { className: "label" }, unbroken(label(experiment))),
      ),
    ),
  );
}

// as many columns as let all of a flow be seen at once
function fit() {
  const holder = byId("grid").querySelector(".flow");
  if (!holder) return;
  const [depth, length] = experiments[0]?.domain ?? [1, 2];
  const room = { width: byId("grid").clientWidth, height: 0.8 * innerHeight };
  holder.style.setProperty("--columns", columnsFor(cells.size, length / depth || 2, room));
}

function resize() {
  const isShown = byId("grid").querySelector(".plane") !== null;
  if (isShown === isPlaneShown()) fit();
  else {
    hideTip();
    buildDiagram();
    redraw();
  }
}

function redraw() {
  drawCells();
  const time = timeInWords(data.times[view.time] ?? 0, experiments, view.units);
  byId("time-text").textContent = `t = ${time}`;
  byId("time").value = String(view.time);
  byId("time").setAttribute("aria-valuetext", time);
  byId("lit").hidden = !showsMaps() || !experiments.some(({ heights }) => heights);
  const { low, high, whole, label, quantity } = scales[view.show];
  const { factor, units } = commonUnit(quantity, experiments, view.units);
  const ends = `${short(low * factor)} to ${withUnits(high * factor, units)}`;
  byId("scale-text").textContent = `${label}: ${ends}`;
  byId("scale-ticks").replaceChildren(
    ...scaleTicks(low * factor, high * factor, whole && factor === 1),
  );
}

function scaleTicks(low, high, whole) {
  if (!(high > low)) return [];
  return ticks(low, high, whole).map((value) => {
    const tick = element("span", { className: "tick" }, short(value));
    tick.style.left = `${(100 * (value - low)) / (high - low)}%`;
    return tick;
  });
}

function drawScale(canvas) {
  const pen = canvas.getContext("2d");
  for (let i = 0; i < canvas.width; i += 1) {
    pen.fillStyle = rgb(i / (canvas.width - 1));
    pen.fillRect(i, 0, 1, canvas.height);
  }
}

// ---- pointer and keys ----------------------------------------------------------------------

const cellOf = (event) => event.target.closest?.(".cell");

function listen(holder) {
  holder.addEventListener("pointerover", (event) => {
    const cell = cellOf(event);
    if (cell) showTip(cell);
    else hideTip();
  });
  holder.addEventListener("pointerleave", hideTip);
  holder.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (cell?.matches(":focus-visible")) showTip(cell);
  });
  holder.addEventListener("focusout", hideTip);
  holder.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    hideTip();
    change({ open: Number(cell.dataset.number) });
  });
  holder.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell || !MOVES.includes(event.key)) return;
    event.preventDefault();
    const next = cellAfter(cell, event.key);
    if (next) moveTo(next);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
}

export function startDiagram() {
  listen(byId("grid"));
  addEventListener("resize", resize);
  onChange((part) => {
    const rebuilt = ["rows", "columns", "picks", "layout"].some((key) => key in part);
    if (rebuilt) {
      hideTip(); // it belongs to a picture that is elsewhere now
      buildControls();
      buildDiagram();
    }
    if (rebuilt || "time" in part || "show" in part || "units" in part) {
      redraw();
      updateTip();
    }
  });
  buildControls();
  buildDiagram();
  drawScale(byId("scale"));
  redraw();
}
