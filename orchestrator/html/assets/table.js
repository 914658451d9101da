// The table of experiments: sorted, filtered, its rows added as the reader scrolls.

import { columnsOf, csv, sorted } from "./columns.js";
import { badge, byId, element } from "./elements.js";
import { matches, searchable, wordsOf } from "./filter.js";
import { data, experiments } from "./sweep.js";
import { short, stateName } from "./text.js";
import { change, onChange, view } from "./view.js";

const CHUNK = 60; // rows that are added at a time

const names = data.axes.flat();
let columns = columnsOf({ ...data, experiments }, view.units);
const searched = new Map(
  experiments.map((each) => [each.number, searchable(each, names, data.quantities)]),
);

export const table = { listed: [], rows: 0 }; // experiments after the filter; rows so far

function filtered() {
  const words = wordsOf(view.words);
  const kept = experiments.filter(
    ({ number, state }) =>
      (!view.state || state === view.state) && matches(searched.get(number), words),
  );
  const column = columns.find(({ id }) => id === view.sort) ?? columns[0];
  return sorted(kept, column, view.down);
}

// ---- rows ----------------------------------------------------------------------------------

const lastRow = new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) addRows();
});

function buildRows() {
  table.listed = filtered();
  table.rows = 0;
  const total = String(table.listed.length + 1);
  const body = element(
    "table",
    { className: "rows", "aria-rowcount": total },
    element("thead", {}, element("tr", {}, ...columns.map(heading))),
    element("tbody", { id: "body" }),
  );
  byId("rows").replaceChildren(body);
  byId("count").textContent = `${table.listed.length} of ${experiments.length}`;
  addRows();
}

function heading({ id, title, words }) {
  const isSorted = view.sort === id;
  const [arrow, order] = view.down ? [" ▼", "descending"] : [" ▲", "ascending"];
  const button = element(
    "button",
    { type: "button", "data-sort": id },
    title,
    element("span", { "aria-hidden": "true" }, isSorted ? arrow : ""),
  );
  return element(
    "th",
    { scope: "col", "aria-sort": isSorted ? order : "none", className: words ? "words" : "" },
    button,
  );
}

export function addRows() {
  const body = byId("body");
  const chunk = table.listed.slice(table.rows, table.rows + CHUNK);
  body.append(...chunk.map((experiment, i) => row(experiment, table.rows + i)));
  table.rows += chunk.length;
  lastRow.disconnect();
  if (table.rows < table.listed.length) lastRow.observe(body.lastElementChild);
}

function row(experiment, index) {
  return element(
    "tr",
    { "aria-rowindex": String(index + 2) },
    ...columns.map((column) => tableCell(column, experiment)),
  );
}

function tableCell({ id, words, value, text = short }, experiment) {
  const written = text(value(experiment));
  if (id === "number") {
    const attributes = { type: "button", className: "link", "data-open": experiment.number };
    return element("th", { scope: "row" }, element("button", attributes, written));
  }
  if (id === "state") return element("td", { className: "words" }, badge(experiment.state));
  return element("td", { className: words ? "words" : "", title: words ? written : null }, written);
}

// ---- filter --------------------------------------------------------------------------------

function download() {
  const url = URL.createObjectURL(new Blob([csv(columns, filtered())], { type: "text/csv" }));
  element("a", { href: url, download: `${data.name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function showFilter() {
  const count = (state) => experiments.filter((each) => each.state === state).length;
  // also a state in which there are none any more, while it is the one that is chosen
  const offered = data.states.filter((state) => count(state) || state === view.state);
  byId("state").replaceChildren(
    element("option", { value: "" }, "all"),
    ...offered.map((state) =>
      element("option", { value: state }, `${stateName(state)} (${count(state)})`),
    ),
  );
  byId("state").value = view.state;
  byId("words").value = view.words;
}

export function startTable() {
  showFilter();
  byId("state").addEventListener("change", () => change({ state: byId("state").value }));
  byId("words").addEventListener("input", () => change({ words: byId("words").value }));
  byId("csv").addEventListener("click", download);
  byId("rows").addEventListener("click", (event) => {
    const { sort, open } = event.target.closest("button")?.dataset ?? {};
    if (open) change({ open: Number(open) });
    if (!sort) return;
    change({ sort, down: view.sort === sort && !view.down });
    byId("rows")
      .querySelector(`[data-sort="${CSS.escape(sort)}"]`)
      .focus();
  });
  onChange((part) => {
    if ("words" in part && "state" in part) showFilter(); // they come from an address
    if ("units" in part) columns = columnsOf({ ...data, experiments }, view.units);
    if (["words", "state", "sort", "units"].some((key) => key in part)) buildRows();
  });
  buildRows();
}
