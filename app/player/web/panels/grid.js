// Where small maps stand: rows and columns, pixels of each, and the axes of one plotly figure that holds them all.

import { axis, base } from '../drawing/figures.js';

/** Room for ticks at the left and below, for each panel's name above it, and between panels. */
const EDGE = { l: 40, r: 10, t: 44, b: 24 };
/** What the switch of the pictures takes of the corner: names of narrow panels go below it. */
const SWITCH = { width: 330, height: 20 };
const NAME = 22;
const GAP = 8;

/**
 * @typedef {Object} Cell
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {boolean} first in its row
 * @property {boolean} lowest in its column
 */

/**
 * The columns that draw the window largest, and where each panel stands.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {[[number, number], [number, number]]} window
 * @param {[[number, number], [number, number]]} limits how far the ground goes
 * @returns {Cell[]}
 */
export function arrange(count, width, height, [[x0, x1], [y0, y1]], limits) {
  const [across, upward] = limits.map(([low, high]) => high - low);
  const plan = (columns) => {
    const rows = Math.ceil(count / columns);
    const wide = Math.floor((width - EDGE.l - EDGE.r - (columns - 1) * GAP) / columns);
    const above = wide < SWITCH.width ? EDGE.t + SWITCH.height : EDGE.t;
    const tall = Math.floor((height - above - EDGE.b - (rows - 1) * (GAP + NAME)) / rows);
    // where the ground ends, a panel that went on would have to show the window larger than itself
    const fitted = { wide: Math.min(wide, (tall * across) / (y1 - y0)), tall: Math.min(tall, (wide * upward) / (x1 - x0)) };
    return { columns, wide: Math.floor(fitted.wide), tall: Math.floor(fitted.tall), above };
  };
  const unit = ({ wide, tall }) => Math.min(wide / (x1 - x0), tall / (y1 - y0));
  const plans = Array.from({ length: Math.max(1, count) }, (_, k) => plan(k + 1));
  const { columns, wide, tall, above } = plans.reduce((best, one) => (unit(one) > 1.02 * unit(best) ? one : best));
  return Array.from({ length: count }, (_, k) => {
    const [column, row] = [k % columns, Math.floor(k / columns)];
    return {
      ...{ left: EDGE.l + column * (wide + GAP), top: above + row * (tall + GAP + NAME) },
      ...{ width: Math.max(20, wide), height: Math.max(20, tall) },
      ...{ first: column === 0, lowest: k + columns >= count },
    };
  });
}

/** The name of the k-th axis as plotly counts them. */
export function nth(letter, k) {
  return k ? `${letter}${k + 1}` : letter;
}

/**
 * One layout for all cells, whose axes go together.
 * @param {Cell[]} cells
 * @param {{width: number, height: number}} size
 * @param {[[number, number], [number, number]]} view
 * @param {object} handed the map's own layout
 * @param {import('../core/envelope.js').Style} style
 * @param {string} font
 */
export function gridLayout(cells, { width, height }, view, handed, style, font) {
  const axes = {};
  cells.forEach((cell, k) => {
    const across = [cell.left / width, (cell.left + cell.width) / width];
    const upward = [1 - (cell.top + cell.height) / height, 1 - cell.top / height];
    const common = { showgrid: false, autorange: false, nticks: 5, tickfont: { size: 10 } };
    axes[`xaxis${k ? k + 1 : ''}`] = axis(handed.xaxis, style, {
      ...{ ...common, range: view[0], domain: across, anchor: nth('y', k), showticklabels: cell.lowest },
      ...(k ? { matches: 'x' } : {}),
      ...(cell.lowest ? {} : { ticks: '' }),
    });
    axes[`yaxis${k ? k + 1 : ''}`] = axis(handed.yaxis, style, {
      ...{ ...common, range: view[1], domain: upward, anchor: nth('x', k), showticklabels: cell.first },
      ...(k ? { matches: 'y' } : { scaleanchor: 'x', scaleratio: 1, constrain: 'range' }),
      ...(cell.first ? {} : { ticks: '' }),
    });
  });
  return base({}, style, font, {
    ...axes,
    ...{ clickanywhere: true, hovermode: 'closest', dragmode: 'pan', width, height },
    margin: { l: 0, r: 0, t: 0, b: 0, pad: 0, autoexpand: false },
  });
}
