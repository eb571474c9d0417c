// Draws a line that the clock reveals: the strong part before the clock, the pale part after it, and the head.

import { draw, exit, inside, lengths, thinned } from '../core/geometry.js';
import { letters, thick } from '../core/scale.js';
import { BEYOND, pixelsOf } from './canvas.js';
import { INWARD, paintArrow, paintLabel, paintMark, paintNotch } from './heads.js';
import { indexAt } from './marks.js';
import { dashOf, inkOf, pallor, widthOf } from './strokes.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./canvas.js').Sheet} Sheet
 * @typedef {import('./marks.js').Line} Line
 * @typedef {import('./strokes.js').Style} Style
 */

export class Trail {
  /** The index of the last point that has been drawn. */
  done = 0;
  last = 0;
  /** @type {Float64Array} */
  path = new Float64Array(0);
  /** @type {Float64Array | null} */
  lengths = null;
  /** Of a long path, the points that are drawn, -1 where there is a gap. @type {Int32Array | null} */
  kept = null;
  /** The pixels of the points that are drawn. @type {Float64Array} */
  drawn = new Float64Array(0);
  /** The index of its point if it has only one, which is drawn as a dot. @type {number} */
  alone = -1;
  /** The off-screen canvas of a trail with a casing. @type {Sheet | null} */
  sheet = null;
  /** The position of the head. @type {[number, number]} */
  head = [NaN, NaN];

  /**
   * @param {Line} mark
   * @param {Style} style
   */
  constructor(mark, style) {
    this.mark = mark;
    this.style = style;
  }

  /** @param {Box} frame */
  measure(frame) {
    const { mark, style } = this;
    this.frame = frame;
    this.last = mark.y.length - 1;
    this.path = pixelsOf(mark.x, mark.y, this.last + 1, frame);
    this.kept = this.thin();
    this.drawn = this.kept ? picked(this.path, this.kept) : this.path;
    this.dash = dashOf(style, mark.dash);
    this.lengths = this.dash.length ? lengths(this.drawn, frame) : null;
    this.color = inkOf(style, mark.color);
    this.width = widthOf(style, mark.weight);
    this.alone = loneOf(this.path);
    this.done = 0;
  }

  /** All pixels of the line that is drawn: x, y, x, y, … */
  get line() {
    return this.drawn;
  }

  /** Which points of the path are drawn, null for all. */
  thin() {
    return thinned(this.path);
  }

  /**
   * The place among the points that are drawn of the last one up to a step.
   * @param {number} step
   */
  place(step) {
    const { kept } = this;
    if (!kept) return step;
    let [low, high] = [0, kept.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      // before a gap and behind it the steps ascend all the same
      if ((kept[middle] < 0 ? kept[middle - 1] : kept[middle]) <= step) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The frame in which it was measured. */
  get box() {
    if (!this.frame) throw new Error('a trail is drawn before it is measured');
    return this.frame;
  }

  /**
   * The index of the last whole point at a position of the clock, -1 before the first.
   * @param {number} position
   */
  index(position) {
    return this.mark.time ? Math.min(indexAt(this.mark.time, position), this.last) : this.last;
  }

  /**
   * Draws the points `from` … `to` of the strong line. Within a trail, the casing goes under the part that is drawn
   * already, as in SVG.
   * @param {CanvasRenderingContext2D} context
   * @param {number} from
   * @param {number} to
   */
  extend(context, from, to) {
    // The last segment is drawn again because of the join between it and the next.
    const [first, last] = [this.place(Math.max(0, from - 1)), this.place(to)];
    this.stroke(context, this.drawn, first, last, this.lengths, 'destination-over');
    if (this.alone >= 0 && this.alone <= to) {
      this.dot(context, this.alone, thick(this.style, this.style.strokes.dots.large[0]) / 2);
    }
    if (!this.mark.dots) return;
    const radius = thick(this.style, this.style.strokes.step.size) / 2;
    context.fillStyle = this.color ?? '';
    context.beginPath();
    for (let place = this.place(Math.max(1, from)); place <= last; place++) {
      const k = this.kept ? this.kept[place] : place;
      if (k < 1 || !this.sparse(k)) continue;
      const [x, y] = [this.path[2 * k], this.path[2 * k + 1]];
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.fill();
  }

  /**
   * Whether a point is in the frame and far enough from the previous point to have a dot.
   * @param {number} k
   */
  sparse(k) {
    const { path, box } = this;
    const [x, y] = [path[2 * k], path[2 * k + 1]];
    if (!inside(x, y, box)) return false;
    return Math.hypot(x - path[2 * k - 2], y - path[2 * k - 1]) >= thick(this.style, this.style.strokes.step.apart);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} k
   * @param {number} radius
   */
  dot(context, k, radius) {
    context.fillStyle = this.color ?? '';
    context.beginPath();
    context.arc(this.path[2 * k], this.path[2 * k + 1], radius, 0, 2 * Math.PI);
    context.fill();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {ArrayLike<number>} path
   * @param {number} from
   * @param {number} to
   * @param {ArrayLike<number> | null} along the length of the path up to each point
   * @param {GlobalCompositeOperation} casing how the casing is composed with the picture
   */
  stroke(context, path, from, to, along, casing) {
    const { mark, style } = this;
    context.beginPath();
    draw(context, path, from, to, this.box);
    context.setLineDash(this.dash ?? []);
    context.lineDashOffset = along ? along[from] : 0;
    if (mark.casing) {
      context.globalCompositeOperation = casing;
      // The casing has the same gaps as the line, so that a trail below it along the same path remains visible.
      context.lineWidth = thick(style, style.strokes.casing);
      context.strokeStyle = style.paper;
      context.stroke();
      context.globalCompositeOperation = 'source-over';
    }
    context.lineWidth = this.width ?? 1;
    context.strokeStyle = this.color ?? '';
    context.stroke();
  }

  /**
   * Draws the whole line as it looks before the clock has reached it.
   * @param {CanvasRenderingContext2D} context
   * @param {number} emphasis
   */
  pale(context, emphasis) {
    context.globalAlpha = pallor(this.style) * emphasis;
    context.beginPath();
    draw(context, this.drawn, 0, this.drawn.length / 2 - 1, this.box);
    context.setLineDash(this.dash ?? []);
    context.lineDashOffset = 0;
    context.lineWidth = Math.min(this.width ?? 1, thick(this.style, this.style.strokes.pale.width));
    context.strokeStyle = this.color ?? '';
    context.stroke();
    if (this.alone >= 0) this.dot(context, this.alone, thick(this.style, this.style.strokes.dots.large[0]) / 2);
    context.globalAlpha = 1;
  }

  /**
   * Draws the part from the last whole point to the head, and computes the position of the head.
   * @param {CanvasRenderingContext2D} context
   * @param {number} position
   */
  advance(context, position) {
    const { path, last } = this;
    const { time, jumps } = this.mark;
    const k = this.index(position);
    this.head = k < 0 ? [NaN, NaN] : [path[2 * k], path[2 * k + 1]];
    if (!time || jumps || k < 0 || k >= last) return;
    const part = (position - time[k]) / (time[k + 1] - time[k]);
    if (!(part > 0)) return;
    const [x, y] = this.head;
    this.head = [x + part * (path[2 * k + 2] - x), y + part * (path[2 * k + 3] - y)];
    this.stroke(context, [x, y, ...this.head], 0, 1, this.lengths && [this.lengths[this.place(k)]], 'source-over');
  }

  /**
   * Draws the head, or an arrow where the line has left the frame, with its label.
   * @param {import('./heads.js').Pen} pen
   * @param {number} position
   * @param {import('./heads.js').Label[]} labels the labels that are already placed
   */
  stand(pen, position, labels) {
    const { style, box, head: at, path } = this;
    const { head, weight } = this.mark;
    if (!head) return;
    const color = this.color ?? '';
    const ending = position >= head.ended ? head.ending : '';
    if (inside(at[0], at[1], box)) {
      paintMark(pen, head.symbol, color, at, style.strokes.heads[weight === 'trail' ? 'trail' : 'curve']);
      if (ending) paintLabel(pen, box, ending, color, at[0], at[1] - letters(style, 14), labels);
      return;
    }
    const edge = head.outside === 'absent' ? null : exit(path, Math.max(0, this.index(position)), at, box);
    if (!edge) return;
    if (head.outside === 'upward arrow') {
      if (at[1] < 0) paintNotch(pen, Math.min(box.width - 5, Math.max(5, edge.x)), color);
      return;
    }
    paintArrow(pen, edge, color);
    const inward = letters(style, INWARD);
    const [x, y] = [edge.x - inward * Math.cos(edge.angle), edge.y - inward * Math.sin(edge.angle)];
    const words = ending || head.label;
    if (words) paintLabel(pen, box, words, color, x, y, labels);
  }

  /**
   * The bounding box of the points `from` … `to`, with room for the line.
   * @param {number} from
   * @param {number} to
   */
  bounds(from, to) {
    return boundsOf(this.path, Math.max(0, from - 1), to, this.box, thick(this.style, this.style.strokes.casing) + 2);
  }
}

/**
 * Some points of a path, and points that are not numbers where there is a gap.
 * @param {Float64Array} path
 * @param {Int32Array} kept
 */
function picked(path, kept) {
  const points = new Float64Array(2 * kept.length).fill(NaN);
  kept.forEach((k, place) => {
    if (k >= 0) points.set(path.subarray(2 * k, 2 * k + 2), 2 * place);
  });
  return points;
}

/**
 * @param {ArrayLike<number>} path
 * @param {number} from
 * @param {number} to
 * @param {{width: number, height: number}} frame
 * @param {number} pad
 * @returns {[number, number, number, number]} left, top, right, bottom
 */
export function boundsOf(path, from, to, frame, pad) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 2 * from; k <= 2 * to; k += 2) {
    if (path[k] < left) left = path[k];
    if (path[k] > right) right = path[k];
    if (path[k + 1] < top) top = path[k + 1];
    if (path[k + 1] > bottom) bottom = path[k + 1];
  }
  /** @type {(value: number, size: number) => number} */
  const within = (value, size) => Math.min(size, Math.max(0, value));
  return [
    within(left - pad, frame.width),
    within(top - pad, frame.height),
    within(right + pad, frame.width),
    within(bottom + pad, frame.height),
  ];
}

/**
 * The index of the only finite point of a path; -1 if there are none or several.
 * @param {Float64Array} path
 */
function loneOf(path) {
  let lone = -1;
  for (let k = 0; k < path.length; k += 2) {
    if (Number.isNaN(path[k]) || Number.isNaN(path[k + 1]) || Math.abs(path[k + 1]) >= BEYOND) continue;
    if (lone >= 0) return -1;
    lone = k / 2;
  }
  return lone;
}
