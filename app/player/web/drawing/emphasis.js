// The emphasis of a racer among others.

import { opacityOf } from './strokes.js';

/** The number of pixels by which heads may extend beyond the edge of the plot. */
export const BLEED = 9;

/**
 * The opacity of the marks of a racer, which are dimmed while another racer is lit.
 * @param {import('./strokes.js').Style} style
 * @param {string | null} lit
 * @param {string} racer
 */
export function emphasis(style, lit, racer) {
  return lit === null || racer === '' || lit === racer ? 1 : opacityOf(style, 'dimmed');
}
