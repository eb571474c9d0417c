// Draws heads, the arrows and names of runs that have left the frame, and the start.

import { inside } from '../core/geometry.js';
import { letters, thick } from '../core/scale.js';
import { caption } from './canvas.js';
import { lettersOf } from './strokes.js';
import { outline } from './symbols.js';

/**
 * @typedef {Object} Pen a context with the style in which to draw
 * @property {CanvasRenderingContext2D} context
 * @property {import('./strokes.js').Style} style
 * @property {string} font
 * @property {boolean} [untold] whether everything after the clock is hidden, even if it would be pale
 *
 * @typedef {{x: number, y: number, width: number}} Label
 *
 * @typedef {Object} Spot words at a point of the ground, and their place
 * @property {string} text
 * @property {import('./placing.js').Room} box
 * @property {string} side
 * @property {string} color
 * @property {string} font
 * @property {boolean} start whether they belong to the start
 * @typedef {{width: number, height: number}} Room
 */

/** The length of the arrow of a run that has left the frame, and the distance of its name from the edge. */
const ARROW = 12;
export const INWARD = 18;
/** The distance of the words at the start from its ring. */
export const GAP = { start: 9 };
/** The height of the arrow of a curve that has left the frame. */
const NOTCH = 9;

/**
 * Draws a head with its ring.
 * @param {Pen} pen
 * @param {string} symbol
 * @param {string} color
 * @param {[number, number]} at
 * @param {[number, number]} size its diameter, and the width of its ring
 */
export function paintMark({ context, style }, symbol, color, [x, y], [size, ring]) {
  outline(context, symbol, x, y, thick(style, size / 2));
  context.setLineDash([]);
  context.lineWidth = thick(style, 2 * ring);
  context.strokeStyle = style.paper;
  context.stroke();
  context.fillStyle = color;
  context.fill();
}

/**
 * Draws an arrow at the point of the edge where a run has left the frame.
 * @param {Pen} pen
 * @param {{x: number, y: number, angle: number}} edge
 * @param {string} color
 */
export function paintArrow(pen, { x, y, angle }, color) {
  const { context, style } = pen;
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.scale(thick(style, 1), thick(style, 1));
  context.beginPath();
  context.moveTo(-1, 0);
  context.lineTo(-ARROW, -6.5);
  context.lineTo(-ARROW, 6.5);
  context.closePath();
  fillOutlined(pen, color);
  context.restore();
}

/**
 * Draws a small arrow at the point of the upper edge where a curve has left the frame.
 * @param {Pen} pen
 * @param {number} x
 * @param {string} color
 */
export function paintNotch(pen, x, color) {
  const { context, style } = pen;
  const tall = thick(style, NOTCH);
  context.beginPath();
  context.moveTo(x, 1);
  context.lineTo(x - (5 * tall) / 9, 1 + tall);
  context.lineTo(x + (5 * tall) / 9, 1 + tall);
  context.closePath();
  fillOutlined(pen, color);
}

/**
 * @param {Pen} pen
 * @param {string} color
 */
function fillOutlined({ context, style }, color) {
  context.setLineDash([]);
  context.lineWidth = 3;
  context.strokeStyle = style.paper;
  context.stroke();
  context.fillStyle = color;
  context.fill();
}

/**
 * Writes a label beside a run that has left the frame. Labels that would overlap are placed below each other.
 * @param {Pen} pen
 * @param {Room} frame
 * @param {string} text
 * @param {string} color
 * @param {number} x
 * @param {number} y
 * @param {Label[]} labels
 */
export function paintLabel({ context, style, font }, frame, text, color, x, y, labels) {
  context.font = `600 ${lettersOf(style, 'label')}px ${font}`;
  context.textBaseline = 'middle';
  const width = context.measureText(text).width;
  const { width: right, height: bottom } = frame;
  const box = { x: Math.min(right - width - 8, Math.max(8, x - width / 2)), y, width };
  box.y = Math.min(bottom - letters(style, 10), Math.max(letters(style, 10), y));
  const down = box.y < bottom / 2 ? 1 : -1;
  while (labels.some((label) => overlap(label, box, letters(style, 13)))) box.y += letters(style, 14) * down;
  labels.push(box);
  context.textAlign = 'left';
  caption(context, text, box.x, box.y, color, style.paper);
}

/**
 * Draws the ring of the start.
 * @param {Pen} pen
 * @param {Room} frame
 * @param {[number, number]} at in pixels
 */
export function paintStart({ context, style }, frame, [x, y]) {
  if (!inside(x, y, frame)) return;
  context.setLineDash([]);
  const [size, stroke] = style.strokes.signs['circle-open'];
  for (const [color, width] of /** @type {[string, number][]} */ ([
    [style.paper, stroke + 3],
    [style.ink, stroke],
  ])) {
    context.beginPath();
    context.arc(x, y, thick(style, size / 2), 0, 2 * Math.PI);
    context.lineWidth = thick(style, width);
    context.strokeStyle = color;
    context.stroke();
  }
}

/**
 * Words at a point of the ground.
 * @param {Pen} pen
 * @param {Spot} spot
 */
export function paintWords({ context, style }, { text, box, color, font }) {
  context.font = font;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  caption(context, text, box.x, box.y + box.height / 2, color, style.paper);
}

/**
 * Whether two labels overlap.
 * @param {Label} a
 * @param {Label} b
 * @param {number} height
 */
function overlap(a, b, height) {
  return Math.abs(a.y - b.y) < height && a.x < b.x + b.width + 6 && b.x < a.x + a.width + 6;
}
