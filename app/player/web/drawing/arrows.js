// Draws the step of the inspected racer on the map: its parts as arrows, and the point and direction of its gradient.

import { caption } from './canvas.js';
import { inkOf } from './strokes.js';

const SLOPE = 46;
/** The smallest length of an arrow in pixels. The inspector draws shorter ones magnified. */
const LEAST = 4;
/** The smallest length of an arrow with a name. */
const NAMED = 34;

/**
 * @typedef {[number, number]} Point
 * @typedef {{x: number, y: number, wide: number}} Taken
 * @typedef {import('./strokes.js').Style} Style
 */

/**
 * The index of the step that led to the playhead; that of the first step at the start.
 * @param {{count: number}} inspected
 * @param {number} step
 */
export function reached({ count }, step) {
  return Math.min(Math.max(step, 1), count) - 1;
}

/**
 * Which part has which colour: what the racer keeps in its own, what it is given in that of ink.
 * @param {Style} style
 * @param {{color: string}} card
 * @returns {(name: string) => string}
 */
export function partColors(style, card) {
  return (part) =>
    part.startsWith('step') ? inkOf(style, card.color) : part === 'momentum part' ? style.muted : style.ink;
}

/**
 * @param {import('./heads.js').Pen} pen
 * @param {import('./canvas.js').Box} frame
 * @param {import('../cards/inspector.js').Inspected} inspected
 * @param {import('../core/envelope.js').Card} card
 * @param {number} step
 */
export function paintArrows({ context, style, font }, frame, inspected, card, step) {
  const k = reached(inspected, step);
  /** @type {(x: number, y: number) => Point} */
  const pixel = (x, y) => [frame.x.offset + frame.x.slope * x, frame.y.offset + frame.y.slope * y];
  const { flat, columns } = inspected.values.w;
  const colors = partColors(style, card);
  let [x, y] = [flat[columns * k], flat[columns * k + 1]];
  const begin = pixel(x, y);
  const at = pixel(inspected.at[2 * k], inspected.at[2 * k + 1]);
  const slope = [inspected.slope[2 * k], inspected.slope[2 * k + 1]];
  context.save();
  context.beginPath();
  context.rect(0, 0, frame.width, frame.height);
  context.clip();
  context.font = `11px ${font}`;
  context.textBaseline = 'middle';
  context.setLineDash([]);
  /** @type {Taken[]} */
  const taken = [];
  /** @type {(text: string, from: Point, to: Point, color: string) => void} */
  const named = (text, from, to, color) => name(context, text, from, to, color, style.paper, taken);
  if (Math.hypot(at[0] - begin[0], at[1] - begin[1]) > LEAST) {
    ring(context, at, style);
    if (!inspected.parts.some(([part]) => part === 'momentum part')) line(context, begin, at, style.muted, 1.2, [3, 3]);
  }
  const steep = Math.hypot(...slope);
  if (steep > 0 && Number.isFinite(steep)) {
    /** @type {Point} */
    const tip = [at[0] - (SLOPE * slope[0]) / steep, at[1] + (SLOPE * slope[1]) / steep];
    arrow(context, at, tip, style.muted, 1.4, style.paper, [3, 3]);
    named('−g', at, tip, style.muted);
  }
  /** @type {[string, Point, Point][]} */
  const drawn = [];
  for (const [part, vectors] of inspected.parts) {
    const from = pixel(x, y);
    [x, y] = [x + vectors[2 * k], y + vectors[2 * k + 1]];
    const to = pixel(x, y);
    if (![...from, ...to].every(Number.isFinite)) break;
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) >= LEAST) drawn.push([part, from, to]);
  }
  for (const [part, from, to] of drawn) arrow(context, from, to, colors(part), 2.2, style.paper);
  for (const [part, from, to] of drawn) {
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) >= NAMED) named(part, from, to, colors(part));
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} at
 * @param {Style} style
 */
function ring(context, [x, y], style) {
  context.beginPath();
  context.arc(x, y, 5, 0, 2 * Math.PI);
  context.lineWidth = 3.5;
  context.strokeStyle = style.paper;
  context.stroke();
  context.lineWidth = 1.4;
  context.strokeStyle = style.ink;
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} from
 * @param {Point} to
 * @param {string} color
 * @param {number} width
 * @param {number[]} [dash]
 */
function line(context, [x0, y0], [x1, y1], color, width, dash = []) {
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.lineWidth = width;
  context.strokeStyle = color;
  context.stroke();
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} from
 * @param {Point} to
 * @param {string} color
 * @param {number} width
 * @param {string} paper
 * @param {number[]} [dash]
 */
function arrow(context, from, to, color, width, paper, dash = []) {
  const [x1, y1] = to;
  const angle = Math.atan2(y1 - from[1], x1 - from[0]);
  const head = Math.min(10, Math.hypot(x1 - from[0], y1 - from[1]));
  /** @type {Point} */
  const base = [x1 - head * Math.cos(angle), y1 - head * Math.sin(angle)];
  line(context, from, base, paper, width + 2.5);
  line(context, from, base, color, width, dash);
  context.save();
  context.translate(x1, y1);
  context.rotate(angle);
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(-head, -0.5 * head);
  context.lineTo(-head, 0.5 * head);
  context.closePath();
  context.lineWidth = 2;
  context.strokeStyle = paper;
  context.stroke();
  context.fillStyle = color;
  context.fill();
  context.restore();
}

/**
 * Writes a name beside the middle of an arrow. Names that would overlap are placed below each other.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {Point} from
 * @param {Point} to
 * @param {string} color
 * @param {string} paper
 * @param {Taken[]} taken
 */
function name(context, text, [x0, y0], [x1, y1], color, paper, taken) {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const wide = context.measureText(text).width;
  const up = x1 >= x0 ? 1 : -1;
  const x = (x0 + x1) / 2 + (12 * up * (y1 - y0)) / length - (up * (y1 - y0) < 0 ? wide : 0);
  let y = (y0 + y1) / 2 - (12 * up * (x1 - x0)) / length;
  /** @type {(other: Taken) => boolean} */
  const covers = (other) => Math.abs(other.y - y) < 13 && x < other.x + other.wide + 4 && other.x < x + wide + 4;
  while (taken.some(covers)) y += 13;
  taken.push({ x, y, wide });
  context.textAlign = 'left';
  caption(context, text, x, y, color, paper);
}
