// Conversions between the clock, which counts steps or gradient evaluations, and the steps of a racer.

import { short } from './digits.js';

/** @typedef {import('./envelope.js').Card} Card */

/**
 * The number of steps that a racer has made at a position of the clock, including a fraction of the next step.
 * @param {{pace: number}} card
 * @param {number} position
 */
export function stepsAt(card, position) {
  return position / card.pace;
}

/**
 * The last whole step of a racer at a position of the clock.
 * @param {{pace: number}} card
 * @param {number} position
 */
export function stepAt(card, position) {
  return Math.floor(stepsAt(card, position));
}

/**
 * The singular of what the clock counts.
 * @param {{clock: import('./envelope.js').Clock}} scene
 */
export function unitOf({ clock }) {
  if (clock.epoch) return 'epoch';
  return clock.counts === 'evaluations' ? 'evaluation' : clock.unit;
}

/**
 * The number of a time of the clock, in its unit.
 * @param {{clock: import('./envelope.js').Clock}} scene
 * @param {number} time
 */
export function numberOf({ clock }, time) {
  return clock.epoch ? short(Math.round((100 * time) / clock.epoch) / 100) : short(time);
}
