// A quantity against a parameter: means over seeds with their standard errors, as lines.

const WAYS = 180; // degrees after which a direction without a sign is the same

// mean and standard error of the mean of values; of directions those of doubled angles, and
// deviations the shorter way round (Mardia and Jupp 2000, Directional Statistics, section 9.1)
export function spread(values, axial) {
  const count = values.length;
  const mean = axial ? axialMean(values) : values.reduce((sum, v) => sum + v, 0) / count;
  const away = values.map((v) => (axial ? folded(v - mean) : v - mean));
  const squares = away.reduce((sum, a) => sum + a * a, 0);
  return { count, mean, error: Math.sqrt(squares / (count - 1) / count) };
}

function axialMean(values) {
  const doubled = values.map((v) => (2 * v * Math.PI) / 180);
  const [x, y] = [Math.cos, Math.sin].map((of) => doubled.reduce((sum, v) => sum + of(v), 0));
  return folded((Math.atan2(y, x) * 90) / Math.PI);
}

function folded(degrees) {
  return 90 - ((((90 - degrees) % WAYS) + WAYS) % WAYS);
}

// the numbers that vary in a sweep, as [name, index among an experiment's values]
export function variables(names, experiments) {
  return names
    .map((name, index) => [name, index])
    .filter(([, index]) => {
      const values = new Set(experiments.map(({ values }) => values[index]));
      return values.size > 1 && [...values].every((value) => typeof value === "number");
    });
}

// The lines of a figure, each with a label for its values on the axes of other parameters, and points
// { x, count, mean, error, experiments } in ascending order of x. `axesOfNames` are the names on each
// axis of the sweep; seeds are not among them. What has no value is left out.
export function linesOf(experiments, axesOfNames, against, measuredIn, axial) {
  const names = axesOfNames.flat();
  const own = axesOfNames.find((axis) => axis.includes(names[against]));
  const others = names.map((name, i) => [name, i]).filter(([name]) => !own.includes(name));
  const lines = new Map();
  for (const experiment of experiments) {
    const value = measuredIn(experiment);
    if (!Number.isFinite(value)) continue;
    const label = others.map(([name, i]) => `${name} = ${experiment.values[i]}`).join(", ");
    const points = lines.get(label) ?? lines.set(label, new Map()).get(label);
    const x = experiment.values[against];
    points.set(x, [...(points.get(x) ?? []), { value, experiment }]);
  }
  return [...lines].map(([label, points]) => ({
    label,
    joined: own.length === 1, // points of a sample are no line
    points: [...points]
      .sort(([a], [b]) => a - b)
      .map(([x, seeds]) => ({
        x,
        ...spread(
          seeds.map(({ value }) => value),
          axial,
        ),
        experiments: seeds.map(({ experiment }) => experiment),
      })),
  }));
}

// whether values are better spread by their logarithms
export function isLogarithmic(values) {
  return Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) >= 100;
}
