// The columns of the table of experiments: titles, values, order, and CSV.

import { exact, titleOf } from "./text.js";
import { timeUnit, unitOf, withUnit } from "./units.js";

// Each has an id, a title, the value of an experiment, and its name in a CSV file; words are
// aligned to the left, and text is how a value is written if not as a measured number.
// With `si`, measured numbers are in metres and days, as far as experiments have scales.
export function columnsOf({ axes, quantities, experiments }, si = "") {
  const parameters = axes
    .flat()
    .map((name, i) => ({
      id: `p.${name}`,
      title: name,
      value: ({ values }) => values[i],
      csv: name,
      text: exact,
    }));
  const nature = experiments.length ? si : "";
  const begun = nature && withUnit(experiments);
  const measured = quantities.map((quantity, i) => {
    const { units } = unitOf(quantity, begun, nature);
    return {
      id: `q.${quantity.name}`,
      title: titleOf({ ...quantity, units }),
      value: (each) =>
        each.last[i] === null ? null : each.last[i] * unitOf(quantity, each, nature).factor,
      csv: nature && units !== quantity.units ? `${quantity.name} (${units})` : quantity.name,
    };
  });
  const late = nature && timeUnit(begun, nature).units;
  const time =
    late === "d"
      ? {
          id: "time",
          title: "d",
          value: (each) => each.time * timeUnit(each, si).factor,
          csv: "time_d",
        }
      : field("time", "t0", "time_t0");
  const percent = ({ fraction }) => Math.round(100 * fraction);
  const remark = { ...field("remark"), words: true };
  return [
    { ...field("number", "exp", "experiment"), text: (number) => `exp${number}` },
    ...parameters,
    { ...field("seed"), text: exact },
    { ...field("state"), words: true },
    time,
    { ...field("fraction", "%", "percent"), value: percent },
    field("snapshots"),
    field("attempt"),
    field("wall", "wall s", "wall_s"),
    ...measured.filter(({ value }) => experiments.some((each) => value(each) !== null)),
    ...(experiments.some((each) => each.remark) ? [remark] : []),
  ];
}

function field(id, title = id, csv = id) {
  return { id, title, csv, value: (experiment) => experiment[id] };
}

// experiments without a value are last, whichever way; those of equal value by number
export function sorted(experiments, { value }, down) {
  const missing = (experiment) => Number([null, ""].includes(value(experiment)));
  return experiments.toSorted(
    (a, b) =>
      missing(a) - missing(b) ||
      compare(value(a), value(b)) * (down ? -1 : 1) ||
      a.number - b.number,
  );
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

// RFC 4180
export function csv(columns, experiments) {
  const cell = ({ id, text, value }, experiment) =>
    id === "number" ? text(value(experiment)) : value(experiment);
  const lines = [
    columns.map((column) => column.csv),
    ...experiments.map((experiment) => columns.map((column) => cell(column, experiment))),
  ];
  return lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

function quoted(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
