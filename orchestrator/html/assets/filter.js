// The filter of the table: words that an experiment must match.

import { exact, stateName } from "./text.js";

const COMPARED = {
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

// of what is typed: words in lower case, without spaces around "=" and the like
export function wordsOf(text) {
  return text
    .toLowerCase()
    .replace(/\s*([<>]=?|=)\s*/g, "$1")
    .split(/\s+/)
    .filter(Boolean);
}

// what words are compared with: texts in lower case, and values by the name of the parameter or of
// the quantity, which is that of the last snapshot
export function searchable(experiment, names, quantities = []) {
  const { number, state, remark, seed, last = [] } = experiment;
  const values = [...names.map((name, i) => [name, experiment.values[i]]), ["seed", seed]];
  const equations = values.map(([name, value]) => `${name}=${exact(value)}`);
  const texts = [`exp${number}`, stateName(state), state, remark, ...equations];
  return {
    number,
    texts: texts.map((text) => text.toLowerCase()),
    values: new Map(
      [...values, ...quantities.map(({ name }, i) => [name, last[i]])].map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]),
    ),
  };
}

// every word must occur; exp3, exp1-3, name=value and name>value as a whole
export function matches({ number, texts, values }, words) {
  return words.every((word) => {
    const [, first, last] = /^exp(\d+)(?:-(?:exp)?(\d+))?$/.exec(word) ?? [];
    if (first) return Number(first) <= number && number <= Number(last ?? first);
    const [, name, how, wanted] = /^([^<>=]+)([<>]=?)(.+)$/.exec(word) ?? [];
    if (name) return isNumber(values.get(name)) && COMPARED[how](values.get(name), Number(wanted));
    if (word.includes("=")) return texts.includes(word) || isEqual(values, word);
    return texts.some((text) => text.includes(word));
  });
}

function isNumber(value) {
  return typeof value === "number";
}

// a value may be written in another way, such as 1e-3 for 0.001 or true for yes
function isEqual(values, word) {
  const [name, ...rest] = word.split("=");
  const [value, wanted] = [values.get(name), rest.join("=")];
  if (typeof value === "number") return wanted !== "" && Number(wanted) === value;
  return typeof value === "boolean" && String(value) === wanted;
}
