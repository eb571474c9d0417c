// Draws the numbers and names of axes in three dimensions along the outer edges of the box. Plotly's own labels can be
// hidden by the ground, and they are cut off at the edge of the picture.

import { short } from '../core/digits.js';
import { letters } from '../core/scale.js';
import { toScreen } from './projection.js';
import { lettersOf } from './strokes.js';

/**
 * @typedef {import('./ground.js').Ground} Ground
 * @typedef {[number, string][]} Ticks values of an axis and their labels
 * @typedef {[number, number, number]} Point
 */

/** The distances of numbers and of names from their edge, in pixels. */
const [AWAY, BEYOND] = [13, 34];
/** The largest numbers of ticks of a horizontal axis and of the vertical axis. */
const [MANY, FEW] = [6, 4];

/**
 * Returns the lowest and the highest corner of the box.
 * @param {Ground} ground
 * @returns {[Point, Point]}
 */
export function cornersOf({ box: [[x0, x1], [y0, y1]], range: [z0, z1], lift }) {
  return [
    [x0, y0, z0],
    [x1, y1, z1 + 2 * lift],
  ];
}

/**
 * Returns the ticks of the three axes.
 * @param {Ground} ground
 * @returns {Ticks[]}
 */
export function ticksOf(ground) {
  const [low, high] = cornersOf(ground);
  return low.map((least, axis) => {
    const within = (/** @type {[number, string]} */ [at]) => at >= least && at <= high[axis];
    if (axis === 2 && ground.ticks.length) return ground.ticks.filter(within);
    return evenTicks(least, high[axis], axis === 2 ? FEW : MANY);
  });
}

/**
 * Returns round, evenly spaced numbers in a range.
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {Ticks}
 */
export function evenTicks(low, high, most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = power * ([1, 2, 5, 10].find((digit) => (high - low) / (digit * power) <= most) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, k) => {
    const value = Number(((first + k) * step).toPrecision(12));
    return [value, short(value, 3)];
  });
}

/**
 * @param {import('./heads.js').Pen} pen
 * @param {Ground} ground
 * @param {import('./projection.js').Camera} camera
 */
export function paintEdges({ context, style, font }, ground, camera) {
  const [low, high] = cornersOf(ground);
  const middle = seen(
    low.map((value, k) => (value + high[k]) / 2),
    camera,
  );
  context.font = `${lettersOf(style, 'label')}px ${font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = style.muted;
  ticksOf(ground).forEach((ticks, axis) => {
    const [from, to] = edgeOf(low, high, axis, camera);
    const [[x0, y0], [x1, y1]] = [seen(from, camera), seen(to, camera)];
    if (![x0, y0, x1, y1].every(Number.isFinite)) return;
    const length = Math.hypot(x1 - x0, y1 - y0) || 1;
    let out = [(y1 - y0) / length, (x0 - x1) / length];
    if (out[0] * ((x0 + x1) / 2 - middle[0]) + out[1] * ((y0 + y1) / 2 - middle[1]) < 0) out = [-out[0], -out[1]];
    /** @type {(text: string, x: number, y: number, away: number) => void} */
    const write = (text, x, y, away) => {
      const half = context.measureText(text).width / 2 + 2;
      const at = [x + letters(style, away) * out[0], y + letters(style, away) * out[1]];
      const left = Math.min(camera.width - half, Math.max(half, at[0]));
      context.fillText(text, left, Math.min(camera.height - 8, Math.max(8, at[1])));
    };
    for (const [value, words] of ticks) {
      const point = /** @type {Point} */ (from.map((corner, k) => (k === axis ? value : corner)));
      const [x, y] = seen(point, camera);
      if (Number.isFinite(x + y)) write(words, x, y, AWAY);
    }
    write(['x', 'y', 'loss'][axis], (x0 + x1) / 2, (y0 + y1) / 2, BEYOND);
  });
  context.textAlign = 'left';
}

/**
 * Returns the edge of the box for the labels of an axis: for x and y the bottom edge that is lowest in the picture, for
 * the loss the leftmost edge.
 * @param {Point} low
 * @param {Point} high
 * @param {number} axis
 * @param {import('./projection.js').Camera} camera
 * @returns {[Point, Point]}
 */
export function edgeOf(low, high, axis, camera) {
  const others = [0, 1, 2].filter((k) => k !== axis);
  const edges = [0, 1, 2, 3].map((ends) => {
    /** @type {Point} */
    const from = [...low];
    others.forEach((other, k) => (from[other] = (ends >> k) & 1 ? high[other] : low[other]));
    const to = /** @type {Point} */ (from.map((value, k) => (k === axis ? high[k] : value)));
    const points = [seen(from, camera), seen(to, camera)];
    const place = axis === 2 ? points[0][0] + points[1][0] : -(points[0][1] + points[1][1]);
    return { edge: /** @type {[Point, Point]} */ ([from, to]), place, lower: from[2] === low[2] };
  });
  const written = edges.filter(({ lower }) => axis === 2 || lower);
  return written.reduce((best, one) => (one.place < best.place ? one : best)).edge;
}

/**
 * Returns the pixel of a point.
 * @param {ArrayLike<number>} point
 * @param {import('./projection.js').Camera} camera
 */
function seen(point, camera) {
  return toScreen(point, camera);
}
