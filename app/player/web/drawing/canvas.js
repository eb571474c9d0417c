// Canvases above a plot, which are sharp on any screen, and functions that convert units and write text.

import { h } from '../core/dom.js';

/**
 * @typedef {import('../core/geometry.js').Frame & {left: number, top: number}} Box
 *
 * @typedef {Object} Sheet a canvas with its context
 * @property {HTMLCanvasElement} canvas
 * @property {CanvasRenderingContext2D} context
 * @property {number} ratio the number of device pixels per CSS pixel
 * @property {number} bleed the number of pixels by which it extends beyond its box on every side
 */

/** The largest absolute value of a pixel coordinate. */
export const BEYOND = 1e30;

/**
 * Creates a canvas above the plot, or an off-screen canvas if there is no host.
 * @param {HTMLElement | null} host
 * @param {string} [name]
 * @param {number} [bleed] the number of pixels by which it is larger on every side, so that heads at the edge are whole
 * @returns {Sheet}
 */
export function layer(host, name, bleed = 0) {
  const canvas = /** @type {HTMLCanvasElement} */ (
    h('canvas', { class: `layer ${name ?? ''}`, 'aria-hidden': 'true' })
  );
  host?.append(canvas);
  return { canvas, context: penOf(canvas), ratio: 1, bleed };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function penOf(canvas, settings) {
  const context = canvas.getContext('2d', settings);
  if (!context) throw new Error('this browser draws on no canvas');
  return context;
}

/**
 * Fits a canvas to a box, and clears it.
 * @param {Sheet} sheet
 * @param {{left: number, top: number, width: number, height: number}} box
 */
export function place(sheet, box) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const { canvas, context, bleed } = sheet;
  const width = Math.max(1, Math.round((box.width + 2 * bleed) * ratio));
  const height = Math.max(1, Math.round((box.height + 2 * bleed) * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  sheet.ratio = ratio;
  canvas.style.left = `${box.left - bleed}px`;
  canvas.style.top = `${box.top - bleed}px`;
  // Not exactly the size of the box, because a canvas that is stretched by a fraction of a pixel is blurred.
  canvas.style.width = `${width / ratio}px`;
  canvas.style.height = `${height / ratio}px`;
  wipe(sheet);
  // The same joins as in SVG, so that nothing moves when the traces of the plot replace the canvas.
  context.miterLimit = 2;
  context.lineJoin = 'miter';
}

/**
 * Releases the memory of a canvas that is not needed.
 * @param {Sheet} sheet
 */
export function fold(sheet) {
  if (sheet.canvas.width === 1) return;
  sheet.canvas.width = sheet.canvas.height = 1;
  sheet.canvas.style.width = sheet.canvas.style.height = '1px';
}

/**
 * Clears a canvas, and sets its units to CSS pixels.
 * @param {Sheet} sheet
 */
export function wipe({ canvas, context, ratio, bleed }) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, bleed * ratio, bleed * ratio);
}

/**
 * The box of a drawn plot and the affine maps of its axes. These use internals of plotly.js. `l2p` converts linearised
 * values, which are decades on a log axis.
 * @param {any} xaxis
 * @param {any} yaxis
 * @returns {Box}
 */
export function frameOfAxes(xaxis, yaxis) {
  return {
    left: xaxis._offset,
    top: yaxis._offset,
    width: xaxis._length,
    height: yaxis._length,
    x: affine(xaxis),
    y: affine(yaxis),
  };
}

/** @param {any} axis */
function affine(axis) {
  const [low, high] = axis.range.map((/** @type {number} */ value) => axis.r2l(value));
  const slope = (axis.l2p(high) - axis.l2p(low)) / (high - low);
  return { slope, offset: axis.l2p(low) - slope * low, log: axis.type === 'log' };
}

/**
 * The pixel of a value along an axis; NaN if a log axis has no such value.
 * @param {import('../core/geometry.js').Affine} axis
 * @param {number} value
 */
export function pixelAt({ slope, offset, log }, value) {
  const pixel = offset + slope * (log ? (value > 0 ? Math.log10(value) : NaN) : value);
  return pixel > BEYOND ? BEYOND : pixel < -BEYOND ? -BEYOND : pixel;
}

/**
 * The value at a pixel along an axis.
 * @param {import('../core/geometry.js').Affine} axis
 * @param {number} pixel
 */
export function valueAt({ slope, offset, log }, pixel) {
  const value = (pixel - offset) / slope;
  return log ? 10 ** value : value;
}

/**
 * The pixels of the first points of a curve.
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {number} count
 * @param {Box} frame
 * @returns {Float64Array} x, y, x, y, …
 */
export function pixelsOf(x, y, count, frame) {
  const path = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    path[2 * k] = pixelAt(frame.x, x[k]);
    path[2 * k + 1] = pixelAt(frame.y, y[k]);
  }
  return path;
}

/**
 * Writes a text with a casing in the colour of the paper, so that it is legible on trails and contours.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} color
 * @param {string} paper
 */
export function caption(context, text, x, y, color, paper) {
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = paper;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
  context.lineJoin = 'miter';
}

/**
 * The text, shortened with an ellipsis if it is wider than the room.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} room
 */
export function cut(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end)}…`;
}

/**
 * The widths of words in pixels, by font and text: measuring them again takes milliseconds while a slider is dragged.
 * @type {Map<string, number>}
 */
const widths = new Map();
const MOST_WIDTHS = 500;
globalThis.document?.fonts.addEventListener('loadingdone', () => widths.clear());

/**
 * The width of a text in pixels in a font, which is measured once until fonts are loaded.
 * @param {CanvasRenderingContext2D} context
 * @param {string} font
 * @param {string} text
 */
export function widthOfWords(context, font, text) {
  const key = `${font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    context.font = font;
    ({ width } = context.measureText(text));
    if (widths.size >= MOST_WIDTHS) widths.clear();
    widths.set(key, width);
  }
  return width;
}
