// The guesses over the map: hollow heads with the number of who guessed, and at the end the way to the true end.

import { caption, layer, place, wipe } from '../drawing/canvas.js';
import { outline } from '../drawing/symbols.js';
import { short } from '../core/digits.js';
import { clip, inside } from '../core/geometry.js';
import { BLEED } from '../drawing/emphasis.js';
import { distance, endOf, LEAVES } from './judge.js';
import { letters, thick } from '../core/scale.js';

const RADIUS = 7.5;
/** While the race runs, the trails are what is to be seen. */
const FAINT = 0.5;
/** Pixels from a mark's middle to its number. */
const BESIDE = 13;

export class GuessLayer {
  /** @param {import('../panels/plot.js').PlotPanel} map */
  constructor(map) {
    this.map = map;
    this.canvas = layer(map.element, 'guesses', 2 * BLEED);
    this.canvas.canvas.dataset.testid = 'guesses';
  }

  /** Nothing of the mode is left on the map. */
  clear() {
    wipe(this.canvas);
  }

  /**
   * @param {import('../core/envelope.js').Scene} scene
   * @param {import('../core/envelope.js').Style} style
   * @param {string} font
   * @param {import('./judge.js').Guesses[]} people
   * @param {'guess' | 'run' | 'end'} phase
   */
  paint(scene, style, font, people, phase) {
    const { frame } = this.map;
    if (!frame) return;
    Object.assign(this, { scene, style, font, frame, taken: [] });
    place(this.canvas, frame);
    const { context } = this.canvas;
    this.numbered = people.length > 1;
    context.globalAlpha = phase === 'run' ? FAINT : 1;
    const marks = scene.cards.flatMap((card, k) => (card.hidden ? [] : this.marks(card, k, people)));
    if (phase === 'end') for (const one of marks) this.way(context, one);
    const around = 2 * thick(style, RADIUS);
    for (const { at } of marks) {
      this.taken.push({ left: at[0] - around / 2, top: at[1], wide: around, tall: around });
    }
    for (const one of marks) this.mark(context, one, phase === 'end');
    context.globalAlpha = 1;
  }

  marks(card, k, people) {
    const end = endOf(this.scene, k, this.map.limits);
    return people.flatMap((one, person) => {
      const guess = one.get(card.id);
      if (!guess || guess === LEAVES) return [];
      const at = this.pixel(guess.x, guess.y);
      return [{ card, at, person, end: end && this.pixel(...end), far: distance(guess, end) }];
    });
  }

  pixel(x, y) {
    const { frame } = this;
    return [frame.x.offset + frame.x.slope * x, frame.y.offset + frame.y.slope * y];
  }

  /** A hollow head, with the person's number where there are several, and with the distance where that is known. */
  mark(context, { card, at: [x, y], person, far }, ended) {
    if (!inside(x, y, this.frame)) return;
    outline(context, card.shape, x, y, thick(this.style, RADIUS));
    this.stroke(context, card.color, 2.5, 5.5);
    const known = ended && far !== null;
    const said = [...(this.numbered ? [person + 1] : []), ...(known ? [short(far, 3)] : [])];
    if (said.length) this.write(context, said.join(': '), x, y);
  }

  /** A thin line from the guess to where the run ended. */
  way(context, { card, at, end }) {
    if (!end) return;
    const piece = clip(...at, ...end, 0, 0, this.frame.width, this.frame.height);
    if (!piece) return;
    context.beginPath();
    context.moveTo(piece[0], piece[1]);
    context.lineTo(piece[2], piece[3]);
    this.stroke(context, card.color, 1.2, 3.5);
  }

  /** The path in hand in a colour, with a casing in the page's. */
  stroke(context, color, width, casing) {
    context.setLineDash([]);
    for (const [ink, wide] of [
      [this.style.paper, casing],
      [color, width],
    ]) {
      context.lineWidth = thick(this.style, wide);
      context.strokeStyle = ink;
      context.stroke();
    }
  }

  /** Text right of a place, or left of it at the edge, moved down while it would cover another. */
  write(context, text, x, y) {
    const { frame, style, font, taken } = this;
    const size = letters(style, 12);
    context.font = `600 ${size}px ${font}`;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    const wide = context.measureText(text).width;
    const off = thick(style, BESIDE);
    const left = x + off + wide > frame.width ? x - off - wide : x + off;
    let top = Math.min(frame.height - size, Math.max(size, y));
    const beside = (one) => left >= one.left + one.wide + 3 || one.left >= left + wide + 3;
    const covers = (one) => Math.abs(one.top - top) < (size + one.tall) / 2 + 1 && !beside(one);
    while (taken.some(covers) && top < frame.height - size) top += 2;
    taken.push({ left, top, wide, tall: size });
    // in ink: not every racer's colour can be read on every ground
    caption(context, text, left, top, style.ink, style.paper);
  }
}
