/** The losses as curves are drawn: their heights on an axis, and the strength of what is to come. */

import { luminance } from '../core/theme.js';

/**
 * Opacity of what is to come: on a dark ground faint colours sink further.
 * @param {import('../core/envelope.js').Style} style
 */
export function pallor(style) {
  return luminance(style.paper) < 0.4 ? 0.42 : 0.28;
}

/** The value that a loss has on its axis: decades on a log axis, and nothing where it has none. */
export function height(loss, scale) {
  if (!Number.isFinite(loss)) return NaN;
  if (scale === 'linear') return loss;
  return loss > 0 ? Math.log10(loss) : NaN;
}
