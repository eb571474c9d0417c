// Draws graphs, whose nodes are pictures, and finds the node at a place.

import { channels } from '../core/theme.js';
import { thick } from '../core/scale.js';
import { penOf, pixelAt } from './canvas.js';
import { momentAt } from './marks.js';
import { inkOf } from './strokes.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./marks.js').Graph} Graph
 * @typedef {import('./strokes.js').Style} Style
 */

/** The grey level of zero, and the distance from it to the strongest colours. */
const [ZERO, FULL] = [128, 127];
/** The thinnest edge that is drawn, in pixels. */
const THINNEST = 0.05;
/** Of two nodes whose distances differ by less, the earlier one is nearer. */
const CLOSE = 1e-6;

export class GraphDrawer {
  /** @type {Box | undefined} */
  frame;
  /** The node whose edges are strong while the others are faint. @type {number | null} */
  focus = null;
  picture = document.createElement('canvas');

  /** @param {Graph} mark */
  constructor(mark) {
    this.mark = mark;
  }

  /** @param {Box} frame */
  measure(frame) {
    this.frame = frame;
  }

  /** @param {number} position */
  moment(position) {
    return momentAt(this.mark.time, position);
  }

  /**
   * @param {import('./heads.js').Pen} pen
   * @param {number} moment
   */
  draw(pen, moment) {
    const { mark, frame } = this;
    if (!frame) throw new Error('a mark is drawn before it is measured');
    this.edges(pen, frame, moment);
    const { context, style } = pen;
    const size = sizeOf(mark, frame);
    for (let k = 0; k < mark.x.length; k++) {
      paintNode(this.picture, mark, moment, k, style);
      const [left, top] = cornerOf(mark, frame, k, size);
      context.imageSmoothingEnabled = true;
      context.drawImage(this.picture, left, top, size, size);
      context.lineWidth = k === this.focus ? 2 : 1;
      context.strokeStyle = k === this.focus ? style.ink : style.muted;
      context.strokeRect(left - 0.5, top - 0.5, size + 1, size + 1);
    }
  }

  /**
   * @param {import('./heads.js').Pen} pen
   * @param {Box} frame
   * @param {number} moment
   */
  edges({ context, style }, frame, moment) {
    const { mark, focus } = this;
    const { width, opacity, aside } = style.strokes.edges;
    const strengths = mark.strengths[moment];
    const inks = mark.palette.map((color) => inkOf(style, color));
    const before = context.globalAlpha;
    context.setLineDash([]);
    for (let e = 0; e < strengths.length; e++) {
      const thickness = thick(style, width * Math.abs(strengths[e]));
      if (thickness < THINNEST) continue;
      const [a, b] = [mark.source[e], mark.target[e]];
      const faint = focus !== null && a !== focus && b !== focus;
      context.globalAlpha = before * (faint ? aside : opacity);
      context.strokeStyle = inks[strengths[e] < 0 ? 0 : 1];
      context.lineWidth = thickness;
      context.beginPath();
      context.moveTo(pixelAt(frame.x, mark.x[a]), pixelAt(frame.y, mark.y[a]));
      context.lineTo(pixelAt(frame.x, mark.x[b]), pixelAt(frame.y, mark.y[b]));
      context.stroke();
    }
    context.globalAlpha = before;
  }
}

/**
 * The side of the pictures, in whole pixels.
 * @param {Graph} mark
 * @param {Box} frame
 */
export function sizeOf({ room: [wide, tall] }, frame) {
  return Math.max(1, Math.floor(Math.min(wide * Math.abs(frame.x.slope), tall * Math.abs(frame.y.slope))));
}

/**
 * The upper left corner of a picture in its frame.
 * @param {Graph} mark
 * @param {Box} frame
 * @param {number} k
 * @param {number} size
 */
function cornerOf(mark, frame, k, size) {
  const [x, y] = [pixelAt(frame.x, mark.x[k]), pixelAt(frame.y, mark.y[k])];
  return [Math.round(x - size / 2), Math.round(y - size / 2)];
}

/**
 * Draws the picture of a node, pixel by pixel.
 * @param {HTMLCanvasElement} canvas which gets the size of the picture
 * @param {Graph} mark
 * @param {number} moment
 * @param {number} k
 * @param {Style} style
 */
export function paintNode(canvas, mark, moment, k, style) {
  const [rows, columns] = mark.grid;
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const pen = penOf(canvas);
  const image = pen.createImageData(columns, rows);
  const inks = mark.palette.map((color) => channels(inkOf(style, color)));
  fillNode(image.data, mark.pictures[moment][k], inks, channels(style.paper));
  pen.putImageData(image, 0, 0);
}

/**
 * Fills an image with signed grey levels.
 * @param {Uint8ClampedArray} pixels red, green, blue and opacity of each
 * @param {ArrayLike<number>} levels
 * @param {number[][]} inks of negative and of positive numbers
 * @param {number[]} paper
 */
export function fillNode(pixels, levels, [negative, positive], paper) {
  for (let i = 0; i < levels.length; i++) {
    const share = (levels[i] - ZERO) / FULL;
    const ink = share < 0 ? negative : positive;
    const strength = Math.min(1, Math.abs(share));
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = paper[c] + strength * (ink[c] - paper[c]);
    pixels[4 * i + 3] = 255;
  }
}

/**
 * The node at a place of a frame; null where there is none.
 * @param {Graph} mark
 * @param {Box} frame
 * @param {number} left pixels from the left edge of the frame
 * @param {number} top
 * @returns {number | null}
 */
export function nodeAt(mark, frame, left, top) {
  const half = sizeOf(mark, frame) / 2 + 2;
  for (let k = 0; k < mark.x.length; k++) {
    const [x, y] = [pixelAt(frame.x, mark.x[k]), pixelAt(frame.y, mark.y[k])];
    if (Math.abs(left - x) <= half && Math.abs(top - y) <= half) return k;
  }
  return null;
}

/**
 * The node that an arrow key leads to: the next one of the same column, or the nearest one of the next column.
 * @param {Graph} mark
 * @param {number} node
 * @param {string} key
 * @returns {number | null} null where no node is in that direction, or if the key is no arrow key
 */
export function nodeBeside({ x, y }, node, key) {
  const across = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0;
  const up = { ArrowUp: 1, ArrowDown: -1 }[key] ?? 0;
  /** @type {(k: number) => number[]} the distances that decide, the more important one first */
  const distances = (k) => {
    const [dx, dy] = [x[k] - x[node], y[k] - y[node]];
    if (across) return [dx * across, Math.abs(dy)];
    return [dx ? 0 : dy * up, 0];
  };
  let best = null;
  let [nearest, second] = [Infinity, Infinity];
  for (let k = 0; k < x.length; k++) {
    const [first, then] = distances(k);
    if (first <= 0 || first > nearest || (first === nearest && then > second - CLOSE)) continue;
    [best, nearest, second] = [k, first, then];
  }
  return best;
}
