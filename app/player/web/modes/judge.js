// Where the runs ended, and how near the guesses came.

import { panelOf } from '../core/envelope.js';
import { lineOf } from '../drawing/marks.js';

/**
 * @typedef {{x: number, y: number} | 'leaves'} Guess where a run ends: a point of the plane, or outside the map
 * @typedef {Map<string, Guess>} Guesses of one person, by racer
 * @typedef {[[number, number], [number, number]]} Limits how far the map reaches
 *
 * @typedef {Object} Verdict on all guesses about one racer
 * @property {import('../core/envelope.js').Card} card
 * @property {[number, number] | null} end null if the run left the map or diverged
 * @property {(Guess | undefined)[]} guesses of each person
 * @property {(number | null)[]} distances from the guess of each person, null without a point to compare
 * @property {boolean[]} right whether a person knew that the run leaves the map
 *
 * @typedef {Object} Total the result of one person
 * @property {number} person
 * @property {number} sum of the distances
 * @property {number} measured the number of distances
 * @property {number} misses
 */

/** The guess that a run leaves the map. */
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

/**
 * The distance of a guess from the end in the units of the plane; null where one of them is not on the map.
 * @param {Guess | undefined} guess
 * @param {[number, number] | null} end
 */
export function distance(guess, end) {
  if (!guess || guess === LEAVES || !end) return null;
  return Math.hypot(guess.x - end[0], guess.y - end[1]);
}

/**
 * The verdict on every racer that is shown.
 * @param {import('../core/envelope.js').Scene} scene
 * @param {Guesses[]} people
 * @param {Limits} limits
 * @returns {Verdict[]}
 */
export function verdicts(scene, people, limits) {
  return scene.cards.flatMap((card, k) => {
    if (card.hidden) return [];
    const end = endOf(scene, k, limits);
    const guesses = people.map((person) => person.get(card.id));
    const distances = guesses.map((guess) => distance(guess, end));
    const right = guesses.map((guess) => guess === LEAVES && !end);
    return [{ card, end, guesses, distances, right }];
  });
}

/**
 * The indices of the smallest numbers; null is not a number.
 * @param {(number | null)[]} values
 */
export function smallest(values) {
  const least = Math.min(...values.map((value) => value ?? Infinity));
  return values.flatMap((value, k) => (value === least ? [k] : []));
}

/**
 * The result of each person. A miss is a guess that was wrong about leaving the map, or no guess at all; it has no
 * distance.
 * @param {Verdict[]} judged
 * @param {number} people
 * @returns {Total[]}
 */
export function totals(judged, people) {
  return Array.from({ length: people }, (_, person) => {
    const known = judged.flatMap(({ distances }) => distances[person] ?? []);
    const right = judged.filter((verdict) => verdict.right[person]).length;
    return {
      person,
      sum: known.reduce((sum, value) => sum + value, 0),
      measured: known.length,
      misses: judged.length - known.length - right,
    };
  });
}

/**
 * The persons with the fewest misses, and of those the ones with the smallest sum of distances.
 * @param {Total[]} sums
 */
export function best(sums) {
  const fewest = Math.min(...sums.map(({ misses }) => misses));
  const left = sums.filter(({ misses }) => misses === fewest);
  const least = Math.min(...left.map(({ sum }) => sum));
  return left.filter(({ sum }) => sum === least);
}
