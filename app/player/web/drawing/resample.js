// Interpolates a field between the points of its grid by cubic convolution (Keys 1981), which is exact for parabolas.
// Linear interpolation would bridge a valley that is narrower than a cell, and its contours would close into islands.

/**
 * @typedef {import('./marks.js').Field} Field
 *
 * @typedef {Object} Weights the contributions of the points of a row to each place
 * @property {Int32Array} first the index of the first of four points, in the padded row
 * @property {Float64Array} weight four of them for each place
 */

/**
 * Returns the heights of a field on another grid. Outside the field they are those at its edge.
 * @param {Field} field
 * @param {ArrayLike<number>} xs the places of the columns
 * @param {ArrayLike<number>} ys the places of the rows
 * @returns {Float32Array[]} a row for each of `ys`
 */
export function resample(field, xs, ys) {
  const across = weightsOf(field.x, xs);
  const upward = weightsOf(field.y, ys);
  const { rise, fall } = scaleOf(field);
  /** Rows of the grid, interpolated along x when they are first needed. @type {(Float64Array | undefined)[]} */
  const rows = new Array(field.y.length + 2);
  const source = (/** @type {number} */ k) => (rows[k] ??= stretched(padded(field, k, fall), across));
  const floor = fall(field.low);
  return Array.from(ys, (_, j) => {
    const first = upward.first[j];
    const [a, b, c, d] = [source(first), source(first + 1), source(first + 2), source(first + 3)];
    const [wa, wb, wc, wd] = upward.weight.subarray(4 * j, 4 * j + 4);
    const out = new Float32Array(xs.length);
    for (let i = 0; i < out.length; i++) {
      const value = wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i];
      out[i] = value < floor ? field.low : rise(value);
    }
    if (holes(out)) mend(field, out, across, upward, j);
    return out;
  });
}

/** The smallest number of levels in a view, and how often the step between them may be halved to reach it. */
const [FEWEST, MOST_HALVINGS] = [6, 6];

/**
 * Returns the step between contours, which is halved while there are only a few levels in view.
 * @param {Field} field
 * @param {Float32Array[]} seen
 */
export function stepIn({ low, high, step }, seen) {
  let [least, most] = [Infinity, -Infinity];
  for (const row of seen) {
    for (const height of row) {
      if (height < least) least = height;
      if (height > most) most = height;
    }
  }
  const span = Math.min(most, high) - Math.max(least, low);
  let halvings = 0;
  while (span > 0 && halvings < MOST_HALVINGS && span < (FEWEST * step) / 2 ** halvings) halvings += 1;
  return step / 2 ** halvings;
}

/**
 * Returns the functions from heights to losses and back. Losses are interpolated, because the floor of a valley is a
 * parabola in the loss and not in its logarithm.
 * @param {Field} field
 */
function scaleOf({ scale }) {
  const { log10, sign, abs } = Math;
  if (scale === 'log') {
    return { fall: (/** @type {number} */ height) => 10 ** height, rise: log10 };
  }
  if (scale === 'signed log') {
    return {
      fall: (/** @type {number} */ height) => sign(height) * (10 ** abs(height) - 1),
      rise: (/** @type {number} */ value) => sign(value) * log10(1 + abs(value)),
    };
  }
  return { fall: (/** @type {number} */ height) => height, rise: (/** @type {number} */ value) => value };
}

/**
 * @param {ArrayLike<number>} grid evenly spaced
 * @param {ArrayLike<number>} places
 * @returns {Weights}
 */
function weightsOf(grid, places) {
  const last = grid.length - 1;
  const cell = (grid[last] - grid[0]) / last;
  const first = new Int32Array(places.length);
  const weight = new Float64Array(4 * places.length);
  for (let i = 0; i < places.length; i++) {
    const at = Math.min(last, Math.max(0, (places[i] - grid[0]) / cell));
    const k = Math.min(last - 1, Math.floor(at));
    const t = at - k;
    // a row has one more point on either side, so that the point k - 1 is at k
    first[i] = k;
    weight[4 * i] = ((2 - t) * t - 1) * t * 0.5;
    weight[4 * i + 1] = (3 * t - 5) * t * t * 0.5 + 1;
    weight[4 * i + 2] = ((4 - 3 * t) * t + 1) * t * 0.5;
    weight[4 * i + 3] = (t - 1) * t * t * 0.5;
  }
  return { first, weight };
}

/**
 * Returns a row of losses with one more point on either side, extrapolated by a parabola. The rows below the first and
 * above the last are extrapolated in the same way.
 * @param {Field} field
 * @param {number} k the index of the row, 0 for that below the first
 * @param {(height: number) => number} fall
 */
function padded(field, k, fall) {
  const { z } = field;
  const last = z.length - 1;
  const width = z[0].length;
  const row = new Float64Array(width + 2);
  if (k > 0 && k <= last + 1) for (let i = 0; i < width; i++) row[i + 1] = fall(z[k - 1][i]);
  else {
    const [one, two, three] = k ? [z[last], z[last - 1], z[Math.max(0, last - 2)]] : [z[0], z[1], z[Math.min(2, last)]];
    for (let i = 0; i < width; i++) row[i + 1] = beyond(fall(one[i]), fall(two[i]), fall(three[i]));
  }
  row[0] = beyond(row[1], row[2], row[Math.min(3, width)]);
  row[width + 1] = beyond(row[width], row[width - 1], row[Math.max(1, width - 2)]);
  return row;
}

/** @type {(one: number, two: number, three: number) => number} */
const beyond = (one, two, three) => 3 * one - 3 * two + three;

/**
 * @param {Float64Array} row
 * @param {Weights} weights
 */
function stretched(row, { first, weight }) {
  const out = new Float64Array(first.length);
  for (let i = 0, k = 0; i < out.length; i++, k += 4) {
    const f = first[i];
    out[i] = weight[k] * row[f] + weight[k + 1] * row[f + 1] + weight[k + 2] * row[f + 2] + weight[k + 3] * row[f + 3];
  }
  return out;
}

/** @param {Float32Array} row */
function holes(row) {
  for (let i = 0; i < row.length; i++) if (!(row[i] - row[i] === 0)) return true;
  return false;
}

/**
 * Replaces values that are not finite by linear interpolation, which needs fewer points of the grid.
 * @param {Field} field
 * @param {Float32Array} out
 * @param {Weights} across
 * @param {Weights} upward
 * @param {number} j
 */
function mend({ z }, out, across, upward, j) {
  const k = upward.first[j];
  const t = shareOf(upward, j);
  for (let i = 0; i < out.length; i++) {
    if (Number.isFinite(out[i])) continue;
    const f = across.first[i];
    const s = shareOf(across, i);
    const low = s ? (1 - s) * z[k][f] + s * z[k][f + 1] : z[k][f];
    const high = s ? (1 - s) * z[k + 1][f] + s * z[k + 1][f + 1] : z[k + 1][f];
    out[i] = t ? (1 - t) * low + t * high : low;
  }
}

/**
 * Returns the position of a place between two points of the grid, which is the first moment of its weights.
 * @param {Weights} weights
 * @param {number} i
 */
function shareOf({ weight }, i) {
  return -weight[4 * i] + weight[4 * i + 2] + 2 * weight[4 * i + 3];
}
