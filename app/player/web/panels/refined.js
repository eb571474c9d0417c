// The ground of the part of a map that is in view. The scene's ground is drawn at once, and replaced when the server has
// computed the window on a grid of its own.

import { decodeGround } from '../core/envelope.js';
import { valueAt } from '../drawing/canvas.js';

/**
 * @typedef {import('../drawing/canvas.js').Box} Box
 * @typedef {import('../drawing/marks.js').Field} Field
 * @typedef {import('../core/envelope.js').Grid} Grid
 *
 * @typedef {[[number, number], [number, number]]} Window the ranges of x and y
 */

/** A cell of the grid that is wider or higher than this many pixels is too coarse. */
const COARSE = 6;
/** Milliseconds for which the view rests before its ground is requested. */
const PAUSE = 150;
/** The number of windows whose grounds are kept. */
const MOST = 12;

export class RefinedGround {
  /** Identifies the scene's ground, of which the grids are parts. */
  key = '';
  /** @type {Grid[]} */
  grids = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** The address that was requested last. */
  asked = '';

  /** @param {() => unknown} ready called when there is a finer grid */
  constructor(ready) {
    this.ready = ready;
  }

  /**
   * Forgets the grids of another ground.
   * @param {string} key
   */
  of(key) {
    if (key === this.key) return;
    this.stop();
    this.key = key;
    this.grids = [];
    this.asked = '';
  }

  /**
   * The field on the finest grid that covers a frame.
   * @param {Field} field
   * @param {Box} frame
   * @returns {Field}
   */
  finest(field, frame) {
    const window = windowOf(frame);
    let best = field;
    for (const grid of this.grids) {
      const finer = cellOf(grid.x) < cellOf(best.x) || cellOf(grid.y) < cellOf(best.y);
      if (finer && covers(grid.x, window[0]) && covers(grid.y, window[1])) best = { ...field, ...grid };
    }
    return best;
  }

  /**
   * Requests a finer grid for a frame, once the view rests, if the cells of its field are too large there.
   * @param {Field} field the finest there is
   * @param {Box} frame
   * @param {string} live the address of live requests, or an empty text where there is no server
   */
  want(field, frame, live) {
    this.stop();
    const cells = [cellOf(field.x) * Math.abs(frame.x.slope), cellOf(field.y) * Math.abs(frame.y.slope)];
    if (!live || Math.max(...cells) <= COARSE) return;
    const [[left, right], [bottom, top]] = windowOf(frame);
    const sides = Object.entries({ left, right, bottom, top }).map(([side, at]) => `&live.${side}=${at}`);
    const address = live.replace('WHAT', 'ground') + sides.join('');
    if (address !== this.asked) this.timer = setTimeout(() => this.ask(address), PAUSE);
  }

  /** @param {string} address */
  async ask(address) {
    this.asked = address;
    const { key } = this;
    try {
      const response = await fetch(address);
      if (!response.ok || key !== this.key) return;
      this.grids.push(decodeGround(new Uint8Array(await response.arrayBuffer())));
    } catch {
      return; // without an answer, the coarser ground stays, and the next view asks again
    }
    if (key !== this.key) return;
    if (this.grids.length > MOST) this.grids.shift();
    this.ready();
  }

  stop() {
    clearTimeout(this.timer);
  }
}

/** @param {ArrayLike<number>} ticks evenly spaced */
function cellOf(ticks) {
  return (ticks[ticks.length - 1] - ticks[0]) / (ticks.length - 1);
}

/**
 * Whether a grid reaches over a range, apart from what rounding takes.
 * @param {ArrayLike<number>} ticks
 * @param {[number, number]} range
 */
function covers(ticks, [low, high]) {
  const slack = 1e-6 * (high - low);
  return ticks[0] <= low + slack && ticks[ticks.length - 1] >= high - slack;
}

/**
 * @param {Box} frame
 * @returns {Window}
 */
function windowOf({ x, y, width, height }) {
  return [
    [valueAt(x, 0), valueAt(x, width)],
    [valueAt(y, height), valueAt(y, 0)],
  ];
}
