// Draws the other seeds of a bundle under the trails, as thin curves or as a band.

import { draw } from '../core/geometry.js';
import { fade } from '../core/theme.js';
import { pixelAt, pixelsOf } from './canvas.js';
import { indexAt, isRows } from './marks.js';
import { inkOf, opacityOf, widthOf } from './strokes.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./strokes.js').Style} Style
 * @typedef {import('./marks.js').Numbers} Numbers
 */

/**
 * The coordinate on the horizontal axis at which a curve is at a position of the clock.
 * @param {Numbers} time
 * @param {Numbers} x
 * @param {number} position
 */
function alongAt(time, x, position) {
  const k = indexAt(time, position);
  if (k < 0) return -Infinity;
  if (k >= x.length - 1) return Infinity;
  return x[k] + ((position - time[k]) / (time[k + 1] - time[k])) * (x[k + 1] - x[k]);
}

/** Draws many thin curves, up to the clock. */
export class Curves {
  done = 0;
  /** @type {Float64Array[]} */
  paths = [];

  /**
   * @param {import('./marks.js').Lines} mark
   * @param {Style} style
   */
  constructor(mark, style) {
    this.mark = mark;
    this.style = style;
  }

  /** @param {Box} frame */
  measure(frame) {
    const { x, y } = this.mark;
    this.frame = frame;
    this.paths = y.map((row, k) => pixelsOf(isRows(x) ? x[k] : x, row, row.length, frame));
    this.done = 0;
  }

  /** @param {number} position */
  index(position) {
    const end = Math.max(0, ...this.paths.map((path) => path.length / 2 - 1));
    return this.mark.time ? Math.min(indexAt(this.mark.time, position), end) : end;
  }

  /**
   * Draws the points `from` … `to` of all curves.
   * @param {CanvasRenderingContext2D} context
   * @param {number} from
   * @param {number} to
   */
  extend(context, from, to) {
    if (!this.frame || to <= from) return;
    context.setLineDash([]);
    context.lineWidth = widthOf(this.style, 'hair');
    context.strokeStyle = fade(inkOf(this.style, this.mark.color), opacityOf(this.style, 'lines'));
    context.beginPath();
    for (const path of this.paths) draw(context, path, from, Math.min(to, path.length / 2 - 1), this.frame);
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context */
  whole(context) {
    this.extend(context, 0, this.index(Infinity));
  }

  /**
   * The coordinate at which the strong part ends and the pale one begins.
   * @param {number} position of the clock
   */
  edge(position) {
    const { time, x } = this.mark;
    return time ? alongAt(time, isRows(x) ? x[0] : x, position) : Infinity;
  }
}

/** Draws the area between two curves. */
export class Ribbon {
  /**
   * @param {import('./marks.js').Band} mark
   * @param {Style} style
   */
  constructor(mark, style) {
    this.mark = mark;
    this.style = style;
  }

  /** @param {Box} frame */
  measure(frame) {
    this.frame = frame;
  }

  /**
   * Draws the whole band. Where its upper end is NaN, runs have diverged, and the band extends beyond the frame.
   * @param {CanvasRenderingContext2D} context
   */
  whole(context) {
    const { frame } = this;
    if (!frame) return;
    const { x, low, high, color } = this.mark;
    let last = low.length - 1;
    while (last >= 0 && !Number.isFinite(low[last])) last -= 1;
    /** @type {(k: number, value: number, otherwise: number) => void} */
    const edge = (k, value, otherwise) => {
      const y = Number.isFinite(value) ? pixelAt(frame.y, value) : NaN;
      context.lineTo(pixelAt(frame.x, x[k]), Number.isNaN(y) ? otherwise : Math.max(-1e5, Math.min(1e5, y)));
    };
    context.beginPath();
    for (let k = 0; k <= last; k++) edge(k, low[k], frame.height + 50);
    for (let k = last; k >= 0; k--) edge(k, high[k], -50);
    context.closePath();
    context.fillStyle = fade(inkOf(this.style, color), opacityOf(this.style, 'band'));
    context.fill();
  }

  /**
   * The coordinate at which the strong part ends and the pale one begins.
   * @param {number} position of the clock
   */
  edge(position) {
    const { time, x } = this.mark;
    return time ? alongAt(time, x, position) : Infinity;
  }
}
