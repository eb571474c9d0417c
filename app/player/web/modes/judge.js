// Where the runs truly ended, and how near the guesses came.

import { panelOf } from '../core/envelope.js';
import { lineOf } from '../drawing/marks.js';

/**
 * A guessed end: a point of the plane, or that the run leaves the map.
 * @typedef {{x: number, y: number} | 'leaves'} Guess
 * @typedef {Map<string, Guess>} Guesses one person's, by racer
 * @typedef {[[number, number], [number, number]]} Limits how far the map reaches
 */

/** The word for a run that has no end on the map. */
export const LEAVES = 'leaves';

/**
 * The last position that is drawn of a run; null where that lies beyond the map, or the run diverged.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {number} k index of the racer
 * @param {Limits} limits
 * @returns {[number, number] | null}
 */
export function endOf(scene, k, limits) {
  const card = scene.cards[k];
  const path = lineOf(panelOf(scene, 'map'), 'path', card.id);
  if (!path) return null;
  const last = path.x.length - 1;
  const end = /** @type {[number, number]} */ ([path.x[last], path.y[last]]);
  const within = end.every((value, axis) => value >= limits[axis][0] && value <= limits[axis][1]);
  return within && !diverged(scene, card) ? end : null;
}

/**
 * Whether a run came to no number before the end.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {import('../core/envelope.js').Card} card
 */
function diverged(scene, card) {
  const steps = scene.clock.end / Math.max(1, ...scene.cards.map(({ pace }) => pace));
  const heights = lineOf(panelOf(scene, 'loss'), 'loss', card.id)?.y ?? [];
  return card.gone && heights.length - 1 < steps;
}

/** How far a guess is from the end, in the plane's units; null where one of them is off the map. */
export function distance(guess, end) {
  if (!guess || guess === LEAVES || !end) return null;
  return Math.hypot(guess.x - end[0], guess.y - end[1]);
}

/**
 * Every racer with its end, and for each person the distance, or whether "leaves the map" was right.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {Guesses[]} people
 * @param {Limits} limits
 */
export function verdicts(scene, people, limits) {
  return scene.cards.flatMap((card, k) => {
    if (card.hidden) return [];
    const end = endOf(scene, k, limits);
    const guesses = people.map((one) => one.get(card.id));
    const distances = guesses.map((guess) => distance(guess, end));
    const right = guesses.map((guess) => guess === LEAVES && !end);
    return [{ card, end, guesses, distances, right }];
  });
}

/** The places of the smallest of some numbers; null counts for none. */
export function smallest(values) {
  const least = Math.min(...values.map((value) => value ?? Infinity));
  return values.flatMap((value, k) => (value === least ? [k] : []));
}

/**
 * Who did best: first the fewest misses, then the smallest sum of distances. A miss is a wrong word on whether
 * a run leaves the map, or no guess at all; it has no distance, and none is made up for it.
 * @param {ReturnType<typeof verdicts>} told
 * @param {number} people
 */
export function totals(told, people) {
  return Array.from({ length: people }, (_, person) => {
    const known = told.map(({ distances }) => distances[person]).filter((value) => value !== null);
    const right = told.filter((one) => one.right[person]).length;
    return {
      person,
      ...{ sum: known.reduce((sum, value) => sum + value, 0), measured: known.length },
      misses: told.length - known.length - right,
    };
  });
}

/** The persons who did best, as `totals` ranks them. */
export function best(sums) {
  const fewest = Math.min(...sums.map((one) => one.misses));
  const left = sums.filter((one) => one.misses === fewest);
  const least = Math.min(...left.map((one) => one.sum));
  return left.filter((one) => one.sum === least);
}
