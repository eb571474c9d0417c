// The guesses on the map: hollow heads with the number of the person, and at the end a line to where the run ended.

import { caption, layer, place, wipe } from '../drawing/canvas.js';
import { inkOf } from '../drawing/strokes.js';
import { outline } from '../drawing/symbols.js';
import { short } from '../core/digits.js';
import { clip, inside } from '../core/geometry.js';
import { BLEED } from '../drawing/emphasis.js';
import { distance, endOf, LEAVES } from './judge.js';
import { letters, thick } from '../core/scale.js';

/**
 * @typedef {[number, number]} Point in pixels
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Style} Style
 * @typedef {import('../drawing/canvas.js').Box} Box
 * @typedef {import('./judge.js').Guesses} Guesses
 *
 * @typedef {Object} Mark the guess of one person about one racer
 * @property {import('../core/envelope.js').Card} card
 * @property {Point} at
 * @property {number} person
 * @property {Point | null} end where the run ended
 * @property {number | null} distance from there, in units of the plane
 *
 * @typedef {{left: number, top: number, width: number, height: number}} Place that something covers
 * @typedef {{context: CanvasRenderingContext2D, style: Style, font: string, frame: Box, taken: Place[]}} Pen
 */

const RADIUS = 7.5;
/** The opacity of guesses while the race runs, when the trails matter. */
const FAINT = 0.5;
/** Pixels from the middle of a mark to its number. */
const BESIDE = 13;

export class GuessLayer {
  /** @param {import('../panels/plot.js').PlotPanel} map */
  constructor(map) {
    this.map = map;
    this.canvas = layer(map.element, 'guesses', 2 * BLEED);
    this.canvas.canvas.dataset.testid = 'guesses';
  }

  /** Removes all guesses from the map. */
  clear() {
    wipe(this.canvas);
  }

  /**
   * @param {Scene} scene
   * @param {Style} style
   * @param {string} font
   * @param {Guesses[]} people
   * @param {'guess' | 'run' | 'end'} phase
   */
  paint(scene, style, font, people, phase) {
    const { frame, limits } = this.map;
    if (!frame) return;
    place(this.canvas, frame);
    const { context } = this.canvas;
    const marks = marksOf(scene, people, frame, limits);
    const size = 2 * thick(style, RADIUS);
    const taken = marks.map(({ at: [x, y] }) => ({ left: x - size / 2, top: y, width: size, height: size }));
    const pen = { context, style, font, frame, taken };
    context.globalAlpha = phase === 'run' ? FAINT : 1;
    if (phase === 'end') for (const mark of marks) paintWay(pen, mark);
    for (const mark of marks) paintMark(pen, mark, people.length > 1, phase === 'end');
    context.globalAlpha = 1;
  }
}

/**
 * The guesses about all racers that are shown.
 * @param {Scene} scene
 * @param {Guesses[]} people
 * @param {Box} frame
 * @param {import('./judge.js').Limits} limits
 * @returns {Mark[]}
 */
function marksOf(scene, people, { x, y }, limits) {
  /** @type {(point: [number, number]) => Point} */
  const pixel = (point) => [x.offset + x.slope * point[0], y.offset + y.slope * point[1]];
  return scene.cards.flatMap((card, k) => {
    if (card.hidden) return [];
    const end = endOf(scene, k, limits);
    return people.flatMap((guesses, person) => {
      const guess = guesses.get(card.id);
      if (!guess || guess === LEAVES) return [];
      const at = pixel([guess.x, guess.y]);
      return [{ card, at, person, end: end && pixel(end), distance: distance(guess, end) }];
    });
  });
}

/**
 * Paints a hollow head, beside it the number of the person where several guess, and at the end the distance.
 * @param {Pen} pen
 * @param {Mark} mark
 * @param {boolean} numbered
 * @param {boolean} ended
 */
function paintMark(pen, mark, numbered, ended) {
  const [x, y] = mark.at;
  if (!inside(x, y, pen.frame)) return;
  outline(pen.context, mark.card.shape, x, y, thick(pen.style, RADIUS));
  stroke(pen, inkOf(pen.style, mark.card.color), 2.5, 5.5);
  const words = numbered ? [String(mark.person + 1)] : [];
  if (ended && mark.distance !== null) words.push(short(mark.distance, 3));
  if (words.length) write(pen, words.join(': '), x, y);
}

/**
 * Paints a thin line from a guess to where the run ended.
 * @param {Pen} pen
 * @param {Mark} mark
 */
function paintWay(pen, { card, at, end }) {
  const { context, frame, style } = pen;
  const piece = end && clip(...at, ...end, 0, 0, frame.width, frame.height);
  if (!piece) return;
  context.beginPath();
  context.moveTo(piece[0], piece[1]);
  context.lineTo(piece[2], piece[3]);
  stroke(pen, inkOf(style, card.color), 1.2, 3.5);
}

/**
 * Strokes the current path in a color, with a casing in the color of the page.
 * @param {Pen} pen
 * @param {string} color
 * @param {number} width
 * @param {number} casing
 */
function stroke({ context, style }, color, width, casing) {
  context.setLineDash([]);
  context.lineWidth = thick(style, casing);
  context.strokeStyle = style.paper;
  context.stroke();
  context.lineWidth = thick(style, width);
  context.strokeStyle = color;
  context.stroke();
}

/**
 * Writes a text to the right of a place, or to the left at the edge, and moves it down while it covers another.
 * @param {Pen} pen
 * @param {string} text
 * @param {number} x
 * @param {number} y
 */
function write({ context, style, font, frame, taken }, text, x, y) {
  const size = letters(style, 12);
  context.font = `600 ${size}px ${font}`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const { width } = context.measureText(text);
  const gap = thick(style, BESIDE);
  const left = x + gap + width > frame.width ? x - gap - width : x + gap;
  let top = Math.min(frame.height - size, Math.max(size, y));
  const covers = (/** @type {Place} */ other) =>
    Math.abs(other.top - top) < (size + other.height) / 2 + 1 &&
    left < other.left + other.width + 3 &&
    other.left < left + width + 3;
  while (taken.some(covers) && top < frame.height - size) top += 2;
  taken.push({ left, top, width, height: size });
  // In ink, since not every racer's color can be read on every ground.
  caption(context, text, left, top, style.ink, style.paper);
}
