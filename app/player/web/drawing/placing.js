// Finds the side of a point on which words cover the least of trails, marks and other words.

import { clip } from '../core/geometry.js';

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Room a box, by its upper left corner
 *
 * @typedef {Object} Words words that need a place
 * @property {number} x of the point that they describe
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {number} gap the distance from the point
 * @property {string} side the preferred side
 *
 * @typedef {{box: Room, side: string}} Placed
 */

/** All sides in order of preference. */
export const SIDES = [
  ...['bottom right', 'top right', 'bottom left', 'top left'],
  ...['top center', 'bottom center', 'middle right', 'middle left'],
];
/** The costs of a pixel of a trail under the words, of a square pixel of marks or other words, of a square pixel outside
 * the frame, and of each step down in preference. */
const COST = { trail: 1, taken: 0.5, outside: 2, later: 1.5 };

/**
 * Returns the box of words on a side of their point.
 * @param {Words} words
 * @param {string} side
 * @returns {Room}
 */
export function boxOn({ x, y, width, height, gap }, side) {
  const left = side.includes('right') ? x + gap : side.includes('left') ? x - gap - width : x - width / 2;
  const top = side.includes('bottom') ? y + gap : side.includes('top') ? y - gap - height : y - height / 2;
  return { x: left, y: top, width, height };
}

/** Places the words of a frame one after the other. */
export class Places {
  /** @type {Room[]} */
  taken = [];

  /**
   * @param {{width: number, height: number}} frame
   * @param {ArrayLike<number>[]} paths of the trails: x, y, x, y, …
   */
  constructor({ width, height }, paths) {
    this.frame = { x: 0, y: 0, width, height };
    this.paths = paths;
  }

  /**
   * Reserves a square around a point.
   * @param {number} x
   * @param {number} y
   * @param {number} half
   */
  keep(x, y, half) {
    if (Number.isFinite(x + y)) this.taken.push({ x: x - half, y: y - half, width: 2 * half, height: 2 * half });
  }

  /**
   * Places words and reserves their box.
   * @param {Words} words
   * @returns {Placed}
   */
  place(words) {
    const sides = [words.side, ...SIDES.filter((side) => side !== words.side)];
    const ways = sides.map((side) => ({ side, box: boxOn(words, side) }));
    const near = this.near(ways.map(({ box }) => box));
    const costs = ways.map(({ box }, k) => this.cost(box, near) + COST.later * k);
    const best = ways[costs.indexOf(Math.min(...costs))];
    this.taken.push(best.box);
    return best;
  }

  /**
   * Returns the pieces of trails near some boxes.
   * @param {Room[]} boxes
   */
  near(boxes) {
    const left = Math.min(...boxes.map(({ x }) => x));
    const top = Math.min(...boxes.map(({ y }) => y));
    const right = Math.max(...boxes.map(({ x, width }) => x + width));
    const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
    /** @type {[number, number, number, number][]} */
    const pieces = [];
    for (const path of this.paths) {
      for (let i = 0; i + 3 < path.length; i += 2) {
        const [x0, y0, x1, y1] = [path[i], path[i + 1], path[i + 2], path[i + 3]];
        if (!((x0 > left || x1 > left) && (x0 < right || x1 < right))) continue;
        if (!((y0 > top || y1 > top) && (y0 < bottom || y1 < bottom))) continue;
        const piece = clip(x0, y0, x1, y1, left, top, right, bottom);
        if (piece) pieces.push(piece);
      }
    }
    return pieces;
  }

  /**
   * @param {Room} box
   * @param {[number, number, number, number][]} pieces
   */
  cost({ x, y, width, height }, pieces) {
    let cost = 0;
    for (const [x0, y0, x1, y1] of pieces) {
      const piece = clip(x0, y0, x1, y1, x - 2, y - 2, x + width + 2, y + height + 2);
      if (piece) cost += COST.trail * Math.hypot(piece[2] - piece[0], piece[3] - piece[1]);
    }
    const all = width * height;
    cost += COST.outside * (all - shared({ x, y, width, height }, this.frame));
    for (const one of this.taken) cost += COST.taken * shared({ x, y, width, height }, one);
    return cost;
  }
}

/**
 * Returns the area of the overlap of two boxes.
 * @param {Room} one
 * @param {Room} other
 */
function shared(one, other) {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, width) * Math.max(0, height);
}
