// What the clock counts: steps, or gradient evaluations, of which a step of some racers costs several.

/** @typedef {import('./envelope.js').Card} Card */

/**
 * How many steps a racer has made when the clock is somewhere, with a fraction of the next.
 * @param {{pace: number}} card
 * @param {number} position
 */
export function stepsAt(card, position) {
  return position / card.pace;
}

/**
 * The last whole one of them.
 * @param {{pace: number}} card
 * @param {number} position
 */
export function stepAt(card, position) {
  return Math.floor(stepsAt(card, position));
}

/**
 * The word for one of what the clock counts.
 * @param {{clock: import('./envelope.js').Clock}} scene
 */
export function unitOf({ clock }) {
  return clock.counts === 'evaluations' ? 'evaluation' : 'step';
}
