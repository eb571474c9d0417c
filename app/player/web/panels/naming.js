// The ids of the traces of a mark, and the unit of the clock.

import { numberOf, unitOf } from '../core/pace.js';

/** @typedef {import('../drawing/marks.js').AnyMark} AnyMark */

/**
 * @param {import('../core/envelope.js').Scene} scene
 * @returns {import('../drawing/plotly.js').Naming & {hidden: (mark: AnyMark) => boolean}}
 */
export function namingOf(scene) {
  /** @type {(mark: AnyMark) => number} */
  const card = ({ racer }) => scene.cards.findIndex(({ id }) => id === racer);
  return {
    at: (time) => `${unitOf(scene)} ${numberOf(scene, time)}`,
    stem: (mark) => (mark.racer ? `racer-${card(mark)}` : 'racer-none'),
    hidden: (mark) => Boolean(scene.cards[card(mark)]?.hidden),
  };
}
