// The list of guesses in words: who was nearest to each end, and who was on the whole.

import { h } from '../core/dom.js';
import { short } from '../core/digits.js';
import { best, LEAVES, smallest, totals, verdicts } from './judge.js';

/**
 * @param {import('../core/envelope.js').Scene} scene
 * @param {import('./judge.js').Guesses[]} people
 * @param {import('./judge.js').Limits} limits
 * @returns {HTMLElement[]}
 */
export function resultsOf(scene, people, limits) {
  const told = verdicts(scene, people, limits);
  const alone = people.length === 1;
  const lines = told.map((one) => {
    const line = h('li', { 'data-testid': `guessed-${one.card.id}` }, ...verdict(one, alone));
    line.style.setProperty('--racer', one.card.color);
    return line;
  });
  return [h('ul', {}, ...lines), h('p', { class: 'sum', 'data-testid': 'guess-sum' }, ...total(told, people.length))];
}

function verdict({ card, end, guesses, distances, right }, alone) {
  const name = h('b', {}, card.title);
  if (!guesses.some(Boolean)) return [name, end ? ': no guess' : ' left the map: no guess'];
  if (!end) {
    const knew = right.flatMap((yes, person) => (yes ? [person] : []));
    if (alone) return [name, ` left the map: ${knew.length ? 'right' : 'wrong'}`];
    return [name, ` left the map: ${knew.length ? `${persons(knew)} said so` : 'nobody said so'}`];
  }
  if (distances.every((value) => value === null)) return [name, ' stayed on the map: wrong'];
  const [first, ...others] = smallest(distances);
  const nearest = short(distances[first], 3);
  const wrong = guesses.flatMap((guess, person) => (guess === LEAVES ? [person] : []));
  const but = wrong.length ? `; it stayed on the map: ${persons(wrong)} wrong` : '';
  if (alone) return [name, `: off by ${nearest}`];
  return [`${persons([first, ...others])} ${others.length ? 'were' : 'was'} nearest for `, name, ` (${nearest})${but}`];
}

/** The rule is said with the sum: misses count first, for they have no distance. */
function total(told, people) {
  const sums = totals(told, people);
  if (!told.length || sums.every((one) => one.measured === 0 && one.misses === told.length)) return [];
  const first = best(sums);
  const [{ sum, misses, measured }] = first;
  const missed = misses === 0 ? '' : `, ${misses} ${misses === 1 ? 'miss' : 'misses'}`;
  const added = measured ? `sum of distances ${short(sum, 3)}` : 'nothing to measure';
  const rule = 'Fewest misses first (a wrong word on leaving the map, or no guess), then the smallest sum.';
  if (people === 1) return [`In all: ${added}${missed}.`];
  return [h('b', {}, `${persons(first.map((one) => one.person))} did best: ${added}${missed}.`), h('small', {}, rule)];
}

/** "Person 2", or "Persons 1 and 3". */
function persons(places) {
  const numbers = places.map((place) => place + 1);
  if (numbers.length === 1) return `Person ${numbers[0]}`;
  return `Persons ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
}
