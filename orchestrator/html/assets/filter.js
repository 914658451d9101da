// The filter of the table: words that an experiment must match.

import { exact, stateName } from "./text.js";

// of what is typed: words in lower case, without spaces around "="
export function wordsOf(text) {
  return text
    .toLowerCase()
    .replace(/\s*=\s*/g, "=")
    .split(/\s+/)
    .filter(Boolean);
}

// what words are compared with: texts in lower case, and values by the parameter's name
export function searchable(experiment, names) {
  const { number, state, remark, seed } = experiment;
  const values = [...names.map((name, i) => [name, experiment.values[i]]), ["seed", seed]];
  const equations = values.map(([name, value]) => `${name}=${exact(value)}`);
  const texts = [`exp${number}`, stateName(state), state, remark, ...equations];
  return {
    number,
    texts: texts.map((text) => text.toLowerCase()),
    values: new Map(values.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

// every word must occur; exp3, exp1-3 and name=value as a whole
export function matches({ number, texts, values }, words) {
  return words.every((word) => {
    const [, first, last] = /^exp(\d+)(?:-(?:exp)?(\d+))?$/.exec(word) ?? [];
    if (first) return Number(first) <= number && number <= Number(last ?? first);
    if (word.includes("=")) return texts.includes(word) || isEqual(values, word);
    return texts.some((text) => text.includes(word));
  });
}

// a value may be written in another way, such as 1e-3 for 0.001 or true for yes
function isEqual(values, word) {
  const [name, ...rest] = word.split("=");
  const [value, wanted] = [values.get(name), rest.join("=")];
  if (typeof value === "number") return wanted !== "" && Number(wanted) === value;
  return typeof value === "boolean" && String(value) === wanted;
}
