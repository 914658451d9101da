// Numbers, states and labels as text.

// a measured number: four digits, or one decimal from 1000 on; whole numbers in full
export function short(value) {
  if (typeof value !== "number" || Number.isNaN(value)) return exact(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6))
    return value.toExponential(3).replace(/\.?0+e/, "e");
  return String(Number(size < 1000 ? value.toPrecision(4) : value.toFixed(1)));
}

// a parameter's value, with all digits so that no two values look the same
export function exact(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

export function withUnits(value, units) {
  return units && units !== "1" && Number.isFinite(value)
    ? `${short(value)} ${units}`
    : short(value);
}

export function titleOf({ longName, units }) {
  return units && units !== "1" ? `${longName} (${units})` : longName;
}

export function stateName(state) {
  return state.replaceAll("_", " ");
}

// no line ends between "=" and the value
export function unbroken(text) {
  return text.replaceAll(" = ", " =\u00a0");
}

// labels have a line for each parameter
export function inOneLine(label) {
  return label.replaceAll("\n", ", ");
}
