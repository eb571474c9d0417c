// Arranges equal squares as large as possible, with room for a title above each.

import { letters } from '../core/scale.js';

const HEAD = 22;
const FOOT = 18;
const GAP = 14;
/** The room at the left of each square for the names of its rows. */
export const SIDE = 16;
/** Pixels that the squares of a narrow window measure at most, and the number up to which two of them share a row. */
const [LARGEST, PAIRED] = [260, 6];

/**
 * The height that squares need in a narrow window, where nothing else sets it.
 * @param {number} count
 * @param {number} width
 * @param {import('../core/envelope.js').Style} style
 * @param {boolean} named whether there are names below and beside each square
 */
export function heightOf(count, width, style, named) {
  const columns = Math.min(count, count <= PAIRED ? 2 : 3) || 1;
  const size = Math.min(LARGEST, Math.floor((width - GAP * (columns + 1)) / columns - sideOf(style, named)));
  return Math.ceil(count / columns) * (size + letters(style, HEAD) + footOf(style, named)) + 14;
}

/**
 * @param {import('../core/envelope.js').Style} style
 * @param {boolean} named
 */
const footOf = (style, named) => (named ? letters(style, FOOT) : 6);

/**
 * @param {import('../core/envelope.js').Style} style
 * @param {boolean} named
 */
const sideOf = (style, named) => (named ? letters(style, SIDE) : 0);

/**
 * The axes with their places as fractions of the panel. Hidden axes take no room.
 * @param {{pair: import('../drawing/marks.js').Axes, hidden: boolean}[]} axes
 * @param {{width: number, height: number}} size
 * @param {import('../core/envelope.js').Style} style
 * @param {boolean} named whether there are names below and beside each square
 * @returns {import('../drawing/marks.js').Axes[]}
 */
export function squares(axes, { width, height }, style, named) {
  const head = letters(style, HEAD);
  const foot = footOf(style, named);
  const side = sideOf(style, named);
  const count = axes.filter(({ hidden }) => !hidden).length;
  let best = { size: 0, columns: 1 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const across = (width - GAP * (columns + 1)) / columns - side;
    const size = Math.floor(Math.min(across, (height - 14) / rows - head - foot));
    if (size > best.size) best = { size, columns };
  }
  const { columns } = best;
  const size = Math.max(20, best.size);
  const gap = Math.min(40, Math.max(0, (width - columns * (size + side)) / (columns + 1)));
  const indent = (width - columns * (size + side) - (columns - 1) * gap) / 2;
  let k = 0;
  return axes.map(({ pair, hidden }) => {
    if (hidden) return { ...pair, title: '', place: [0, 0, 0, 0] };
    const left = Math.round(indent + side + (k % columns) * (size + side + gap));
    const top = Math.round(head + Math.floor(k / columns) * (size + head + foot));
    k += 1;
    return {
      ...pair,
      place: [left / width, 1 - (top + size) / height, (left + size) / width, 1 - top / height],
    };
  });
}
