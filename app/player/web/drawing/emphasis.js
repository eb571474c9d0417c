// How strongly racers are drawn.

import { opacityOf } from './strokes.js';

/** Heads may reach this far over the edge of the plot. */
export const BLEED = 9;

/**
 * How strongly what belongs to a racer is drawn, where one may be lit.
 * @param {import('./strokes.js').Style} style
 * @param {string | null} lit
 * @param {string} racer
 */
export function emphasis(style, lit, racer) {
  return lit === null || racer === '' || lit === racer ? 1 : opacityOf(style, 'dimmed');
}
