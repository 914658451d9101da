// The phase diagram: pictures on the grid of two axes, drawn once they come into sight.

const MOST_COLUMNS = 24; // of a grid; a longer single axis flows over several lines
const cells = new Map(); // number -> button
const seen = new Set(); // numbers of the cells in or near the window
const longest = Math.max(...experiments.map((one) => one.domain[1])); // all to its scale
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
  const rows = axisOf(view.rows) ?? axes[data.diagram.rows];
  const columns = axisOf(view.columns) ?? axes[data.diagram.columns];
  return { rows, columns: columns === rows ? swept.find((axis) => axis !== rows) : columns };
}

// the index that is shown of an axis on neither side
function picked(axis) {
  return Math.max(0, axis.labels.map(inOneLine).indexOf(view.picks[axis.id]));
}

function shown({ rows, columns }) {
  const others = swept.filter((axis) => axis !== rows && axis !== columns);
  return experiments.filter((one) =>
    others.every((axis) => one.position[axis.index] === picked(axis)),
  );
}

// ---- the grid ------------------------------------------------------------------------------

function buildGrid() {
  watcher.disconnect();
  seen.clear();
  cells.clear();
  const where = sides();
  const chosen = shown(where);
  const flows = !where.rows || !where.columns || where.columns.labels.length > MOST_COLUMNS;
  byId("grid").replaceChildren(flows ? flow(chosen) : table(chosen, where));
  const first = cells.values().next().value;
  if (first) first.tabIndex = 0;
  for (const cell of cells.values()) watcher.observe(cell);
}

function table(chosen, { rows, columns }) {
  const places = new Map();
  for (const one of chosen) {
    const place = `${one.position[rows.index]} ${one.position[columns.index]}`;
    places.set(place, [...(places.get(place) ?? []), one]);
  }
  const head = columns.labels.map((label) => element("th", { scope: "col" }, unbroken(label)));
  const body = rows.labels.map((label, row) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, unbroken(label)),
      ...columns.labels.map((_, column) => {
        const here = places.get(`${row} ${column}`) ?? [];
        return element("td", {}, here.length ? makeCell(here.at(-1), here.length - 1) : null);
      }),
    ),
  );
  const grid = element(
    "table",
    { role: "grid", className: "grid", "aria-labelledby": "diagram-title" },
    element("thead", {}, element("tr", {}, element("td"), ...head)),
    element("tbody", {}, ...body),
  );
  grid.style.setProperty("--columns", columns.labels.length);
  return grid;
}

function flow(chosen) {
  return element(
    "div",
    { className: "flow", role: "group", "aria-labelledby": "diagram-title" },
    ...chosen.sort(byPosition).map((one) =>
      element(
        "div",
        {},
        makeCell(one, 0),
        element("div", { className: "label" }, unbroken(flowLabel(one))),
      ),
    ),
  );
}

function byPosition(a, b) {
  const index = a.position.findIndex((place, i) => place !== b.position[i]);
  return index < 0 ? 0 : a.position[index] - b.position[index];
}

function flowLabel(one) {
  return swept.length ? swept.map((axis) => labelOn(axis, one)).join(", ") : `exp${one.number}`;
}

function makeCell(one, more) {
  const note = [standing(one), more ? `and ${more} more` : ""].filter(Boolean);
  const cell = element(
    "button",
    {
      type: "button",
      className: `cell ${one.state}`,
      "data-number": String(one.number),
      tabIndex: -1,
    },
    element(
      "span",
      { className: "picture" },
      element("canvas", { width: 2, height: 1 }),
      element("span", { className: "figure" }),
    ),
    note.length ? element("span", { className: "note" }, note.join(", ")) : null,
  );
  const [depth, length] = one.domain;
  cell.style.setProperty("--shape", `${length || 2} / ${depth || 1}`);
  cell.style.setProperty("--share", length / longest || 1);
  cell.setAttribute("aria-label", `exp${one.number}, ${described(one)}, ${spoken(one.state)}`);
  cells.set(one.number, cell);
  return cell;
}

function ended(one) {
  return one.state !== "pending" && one.state !== "running";
}

function standing(one) {
  if (one.state === "done") return "";
  return one.state === "running"
    ? `running, ${Math.round(100 * one.fraction)} %`
    : spoken(one.state);
}

// ---- drawing -------------------------------------------------------------------------------

async function drawCell(number) {
  const found = unpacked.get(number) ?? (await block(number));
  const cell = cells.get(number);
  if (cell && seen.has(number)) paintCell(cell, number, found);
}

function paintCell(cell, number, found) {
  const canvas = cell.querySelector("canvas");
  const time = data.times[view.time];
  const wantsMap = showsMaps();
  const frame = frameAt(found, time);
  cell.classList.toggle("empty", frame === null);
  const said = [];
  if (frame === null) said.push(ended(byNumber.get(number)) ? "no data" : "no data yet");
  else if (wantsMap && !hasMaps(found)) said.push("no height maps");
  else if (wantsMap) drawMap(canvas, found, frame.index, view.show);
  else said.push(drawNumber(canvas, valueAt(found, view.show, time)));
  if (frame?.other && (!wantsMap || hasMaps(found))) said.push(`t = ${short(frame.time)}`);
  tellFigure(cell, said);
}

function tellFigure(cell, said) {
  const figure = cell.querySelector(".figure");
  figure.replaceChildren(...(said.length ? [element("span", {}, said.join(", "))] : []));
}

function showsMaps() {
  return view.show === "height" || view.show === "relief";
}

function drawNumber(canvas, value) {
  const { low, high } = scales[view.show];
  const part = (value - low) / (high - low || 1);
  canvas.width = 2;
  canvas.height = 1;
  const pen = canvas.getContext("2d");
  if (Number.isFinite(value)) {
    pen.fillStyle = rgb(part);
    pen.fillRect(0, 0, 2, 1);
  }
  return short(value);
}

function redraw() {
  for (const number of seen) drawCell(number);
  const time = short(data.times[view.time] ?? 0);
  byId("time-text").textContent = `t = ${time} t0`;
  byId("time").value = String(view.time);
  byId("time").setAttribute("aria-valuetext", `${time} t0`);
  byId("lit").hidden = !showsMaps() || !experiments.some((one) => one.heights);
  const { low, high, units, label } = scales[view.show];
  byId("scale-text").textContent = `${label}: ${short(low)} to ${withUnits(high, units)}`;
}
