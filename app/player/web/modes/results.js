// The results of a round of guesses in words: who was nearest to each end, and who did best.

import { h } from '../core/dom.js';
import { short } from '../core/digits.js';
import { best, LEAVES, smallest, totals, verdicts } from './judge.js';
import { inkVariable } from '../core/theme.js';

/** @typedef {import('./judge.js').Verdict} Verdict */

/**
 * @param {import('../core/envelope.js').Scene} scene
 * @param {import('./judge.js').Guesses[]} people
 * @param {import('./judge.js').Limits} limits
 * @returns {HTMLElement[]}
 */
export function resultsOf(scene, people, limits) {
  const judged = verdicts(scene, people, limits);
  const alone = people.length === 1;
  const lines = judged.map((verdict) => {
    const line = h('li', { 'data-testid': `guessed-${verdict.card.id}` }, ...lineOf(verdict, alone));
    line.style.setProperty('--racer', inkVariable(verdict.card.color));
    return line;
  });
  const summary = h('p', { class: 'sum', 'data-testid': 'guess-sum' }, ...summaryOf(judged, people.length));
  return [h('ul', {}, ...lines), summary];
}

/**
 * The words about one racer.
 * @param {Verdict} verdict
 * @param {boolean} alone whether only one person guessed
 * @returns {(string | HTMLElement)[]}
 */
function lineOf({ card, end, guesses, distances, right }, alone) {
  const name = h('b', {}, card.title);
  if (!guesses.some(Boolean)) return [name, end ? ': no guess' : ' left the map: no guess'];
  if (!end) {
    const knew = right.flatMap((yes, person) => (yes ? [person] : []));
    if (alone) return [name, ` left the map: ${knew.length ? 'right' : 'wrong'}`];
    return [name, ` left the map: ${knew.length ? `${persons(knew)} guessed it` : 'nobody guessed it'}`];
  }
  if (distances.every((distance) => distance === null)) return [name, ' stayed on the map: wrong'];
  const [first, ...others] = smallest(distances);
  const nearest = short(distances[first] ?? NaN, 3);
  const wrong = guesses.flatMap((guess, person) => (guess === LEAVES ? [person] : []));
  const but = wrong.length
    ? `; it stayed on the map, so ${persons(wrong)} ${wrong.length > 1 ? 'were' : 'was'} wrong`
    : '';
  if (alone) return [name, `: off by ${nearest}`];
  return [`${persons([first, ...others])} ${others.length ? 'were' : 'was'} nearest for `, name, ` (${nearest})${but}`];
}

/**
 * Who did best. Misses count before distances, since a miss has no distance.
 * @param {Verdict[]} judged
 * @param {number} people
 * @returns {(string | HTMLElement)[]}
 */
function summaryOf(judged, people) {
  const sums = totals(judged, people);
  if (!judged.length || sums.every(({ measured, misses }) => measured === 0 && misses === judged.length)) return [];
  const first = best(sums);
  const [{ sum, misses, measured }] = first;
  const missed = misses === 0 ? '' : `, ${misses} ${misses === 1 ? 'miss' : 'misses'}`;
  const added = measured ? `sum of distances ${short(sum, 3)}` : 'nothing to measure';
  const rule = 'Fewest misses first (a wrong guess about leaving the map, or none), then the smallest sum.';
  if (people === 1) return [`Total: ${added}${missed}.`];
  return [
    h('b', {}, `${persons(first.map(({ person }) => person))} did best: ${added}${missed}.`),
    h('small', {}, rule),
  ];
}

/**
 * "Person 2", or "Persons 1 and 3".
 * @param {number[]} indices
 */
function persons(indices) {
  const numbers = indices.map((index) => index + 1);
  if (numbers.length === 1) return `Person ${numbers[0]}`;
  return `Persons ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
}
