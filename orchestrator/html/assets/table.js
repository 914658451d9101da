// The table of all experiments: sorted, filtered, drawn as far as somebody scrolls, saved as CSV.

const CHUNK = 60; // rows that are made at once

const columns = [
  { id: "number", title: "exp", value: (one) => one.number, csv: "experiment" },
  ...names.map((name, i) => ({
    id: `p.${name}`,
    title: name,
    value: (one) => one.values[i],
    csv: name,
    text: exact,
  })),
  { id: "seed", title: "seed", value: (one) => one.seed, csv: "seed", text: exact },
  { id: "state", title: "state", value: (one) => one.state, csv: "state", words: true },
  { id: "time", title: "t0", value: (one) => one.time, csv: "time_t0" },
  {
    id: "fraction",
    title: "%",
    value: (one) => Math.round(100 * one.fraction),
    csv: "percent",
  },
  { id: "snapshots", title: "snapshots", value: (one) => one.snapshots, csv: "snapshots" },
  { id: "attempt", title: "try", value: (one) => one.attempt, csv: "attempt" },
  { id: "wall", title: "wall s", value: (one) => one.wall, csv: "wall_s" },
  ...data.quantities
    .map((quantity, i) => ({
      id: `q.${quantity.name}`,
      title: title(quantity),
      value: (one) => one.last[i],
      csv: quantity.name,
    }))
    .filter((column) => experiments.some((one) => column.value(one) !== null)),
  { id: "remark", title: "remark", value: (one) => one.remark, csv: "remark", words: true },
].filter((column) => column.id !== "remark" || experiments.some((one) => one.remark));

const searched = new Map(experiments.map((one) => [one.number, tokens(one)]));

function tokens(one) {
  const told = [`exp${one.number}`, spoken(one.state), one.state, one.remark];
  const values = [...names.map((name, i) => [name, one.values[i]]), ["seed", one.seed]];
  const valued = values.map(([name, value]) => `${name}=${exact(value)}`);
  return {
    words: [...told, ...valued].map((token) => token.toLowerCase()),
    values: new Map(values.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

// every word must be found; exp3, exp1-3 and name=value must be met whole
function matches(one, words) {
  const known = searched.get(one.number);
  return words.every((word) => {
    const [, first, last] = /^exp(\d+)(?:-(?:exp)?(\d+))?$/.exec(word) ?? [];
    if (first) return Number(first) <= one.number && one.number <= Number(last ?? first);
    if (word.includes("=")) return known.words.includes(word) || equal(known.values, word);
    return known.words.some((token) => token.includes(word));
  });
}

// a value may be written in another way, as 1e-3 for 0.001 or true for yes
function equal(values, word) {
  const [name, ...rest] = word.split("=");
  const [value, asked] = [values.get(name), rest.join("=")];
  if (typeof value === "number") return asked !== "" && Number(asked) === value;
  return typeof value === "boolean" && String(value) === asked;
}

function found() {
  const asked = view.words.toLowerCase().replace(/\s*=\s*/g, "=");
  const words = asked.split(/\s+/).filter(Boolean);
  const kept = experiments.filter(
    (one) => (!view.state || one.state === view.state) && matches(one, words),
  );
  const column = columns.find(({ id }) => id === view.sort) ?? columns[0];
  const missing = (one) => Number(column.value(one) === null || column.value(one) === "");
  return kept.sort(
    (a, b) =>
      missing(a) - missing(b) || // at the end, whichever way
      compare(column.value(a), column.value(b)) * (view.down ? -1 : 1) ||
      a.number - b.number,
  );
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

// ---- rows ----------------------------------------------------------------------------------

let made = 0;
let listed = [];
const more = new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) extend();
});

function buildRows() {
  listed = found();
  made = 0;
  more.disconnect();
  const head = element("tr", {}, ...columns.map(heading));
  const body = element("tbody", { id: "body" });
  const wholes = element(
    "table",
    { className: "rows", "aria-rowcount": String(listed.length + 1) },
    element("thead", {}, head),
    body,
  );
  byId("rows").replaceChildren(wholes);
  byId("found").textContent = `${listed.length} of ${experiments.length}`;
  extend();
}

function heading(column) {
  const sorted = view.sort === column.id;
  const arrow = sorted ? (view.down ? " ▼" : " ▲") : "";
  const button = element(
    "button",
    { type: "button", "data-sort": column.id },
    column.title,
    element("span", { "aria-hidden": "true" }, arrow),
  );
  const order = sorted ? (view.down ? "descending" : "ascending") : "none";
  return element(
    "th",
    { scope: "col", "aria-sort": order, className: column.words ? "words" : "" },
    button,
  );
}

function extend() {
  const body = byId("body");
  const part = listed.slice(made, made + CHUNK);
  body.append(...part.map((one, i) => rowOf(one, made + i)));
  made += part.length;
  more.disconnect();
  if (made < listed.length) more.observe(body.lastElementChild);
}

function rowOf(one, index) {
  return element(
    "tr",
    { "aria-rowindex": String(index + 2) },
    ...columns.map((column) => {
      if (column.id === "number") {
        const button = element(
          "button",
          { type: "button", className: "link", "data-open": String(one.number) },
          `exp${one.number}`,
        );
        return element("th", { scope: "row" }, button);
      }
      if (column.id === "state") return element("td", { className: "words" }, badge(one.state));
      const text = (column.text ?? short)(column.value(one));
      return element(
        "td",
        { className: column.words ? "words" : "", title: column.words ? text : null },
        text,
      );
    }),
  );
}

function badge(state) {
  return element("span", { className: `badge ${state}` }, spoken(state));
}

// ---- CSV -----------------------------------------------------------------------------------

function csv() {
  const quoted = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const name = (column, one) =>
    column.id === "number" ? `exp${one.number}` : column.value(one);
  const lines = [
    columns.map((column) => column.csv),
    ...found().map((one) => columns.map((column) => name(column, one))),
  ];
  return `${lines.map((line) => line.map(quoted).join(",")).join("\r\n")}\r\n`;
}

function download() {
  const address = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  element("a", { href: address, download: `${data.name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function showAsked() {
  // also a state in which there are none any more, while it is the one that is asked for
  const offered = data.states.filter((state) => countOf(state) || state === view.state);
  byId("state").replaceChildren(
    element("option", { value: "" }, "all"),
    ...offered.map((state) =>
      element("option", { value: state }, `${spoken(state)} (${countOf(state)})`),
    ),
  );
  byId("state").value = view.state;
  byId("words").value = view.words;
}

function startTable() {
  showAsked();
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
  listeners.push((part) => {
    if ("words" in part && "state" in part) showAsked(); // they come from an address
    if ("words" in part || "state" in part || "sort" in part) buildRows();
  });
  buildRows();
}
