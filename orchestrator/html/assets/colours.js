// Colours of a scale from 0 to 1, perceptually uniform and safe for colour-blind readers.

// cividis (Nuñez, Anderton and Renslow 2018, doi 10.1371/journal.pone.0199239), every third colour
const CIVIDIS = [
  "00224e00255300275800295d002b62002d68002f6d0031700533710f35701637701c396f213b6e263d6e2a3f6d",
  "2e416d32436d35456c39486c3c4a6c3f4c6c424e6c45506c48526c4b546c4e566c51586d545a6d565c6d595e6e",
  "5c616e5e636f61656f646770666970696b716c6d726e6f737172747374757676767878777b7a787e7c78807f78",
  "8381798683798985788c88788f8a78928c78948e779791779a93769d9576a09875a39a74a69c74a99f73aca172",
  "afa471b3a670b6a96fb9ab6dbcae6cbfb06bc2b369c5b568c8b866ccba64cfbd62d2c060d5c25ed9c55cdcc859",
  "dfca57e2cd54e6d051e9d34eedd54af0d846f3db42f7de3efbe138fee434fee838",
].join("");
const COLOURS = interpolated(CIVIDIS, 256);

function interpolated(hexadecimals, count) {
  const known = hexadecimals
    .match(/.{6}/g)
    .map((hex) => [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)));
  return Array.from({ length: count }, (_, i) => {
    const position = (i / (count - 1)) * (known.length - 1);
    const below = Math.min(Math.floor(position), known.length - 2);
    return known[below].map((c, k) => c + (position - below) * (known[below + 1][k] - c));
  });
}

// [red, green, blue], each from 0 to 255; a part outside of 0 to 1 gets the colour of the end
export function colour(part) {
  return COLOURS[Math.max(0, Math.min(255, Math.round(255 * part)))];
}

export function rgb(part) {
  return `rgb(${colour(part).map(Math.round).join(" ")})`;
}
