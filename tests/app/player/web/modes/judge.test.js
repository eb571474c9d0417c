// Who guessed best, on ends that can be checked by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  best,
  distance,
  endOf,
  LEAVES,
  smallest,
  totals,
  verdicts,
} from '../../../../../app/player/web/modes/judge.js';

const LIMITS = [
  [-10, 10],
  [-5, 5],
];

/** Four racers: one ends at (3, 4), one off the map, one diverged at (1, 1), and one is hidden. */
function scene() {
  const paths = { a: [0, 1, 3, 0, 1, 4], b: [0, 1, 3, 0, 1, 5.1], c: [0, 1, 0, 1], d: [0, 1, 2, 0, 1, 2] };
  const cards = Object.keys(paths).map((id) => ({ id, pace: 1, gone: id === 'c', hidden: id === 'd' }));
  const map = Object.entries(paths).map(([racer, xy]) => ({
    ...{ type: 'line', follows: 'path', racer },
    ...{ x: xy.slice(0, xy.length / 2), y: xy.slice(xy.length / 2) },
  }));
  const loss = Object.entries(paths).map(([racer, xy]) => ({
    ...{ type: 'line', follows: 'loss', racer },
    y: Float64Array.from({ length: xy.length / 2 }),
  }));
  return {
    clock: { end: 2, counts: 'steps' },
    cards,
    panels: [
      { key: 'map', marks: map },
      { key: 'loss', marks: loss },
    ],
  };
}

test('a run ends at its last point on the map', () => {
  const ends = [0, 1, 2, 3].map((k) => endOf(scene(), k, LIMITS));
  assert.deepEqual(ends, [[3, 4], null, null, [2, 2]]);
});

test('a run that is cropped on the map ends where it is drawn last', () => {
  const cropped = scene();
  const line = cropped.panels[0].marks[1];
  Object.assign(line, { x: [0, 1], y: [0, 1] });
  assert.deepEqual(endOf(cropped, 1, LIMITS), [1, 1]);
});

test('distances are in units of the plane, and there is none off the map', () => {
  assert.equal(distance({ x: 0, y: 0 }, [3, 4]), 5);
  for (const [guess, end] of [
    [LEAVES, [3, 4]],
    [{ x: 0, y: 0 }, null],
    [undefined, [3, 4]],
  ]) {
    assert.equal(distance(guess, end), null);
  }
});

const PEOPLE = [
  new Map([
    ['a', { x: 3, y: 2 }],
    ['b', LEAVES],
    ['c', LEAVES],
  ]),
  new Map([
    ['a', { x: 3, y: 3 }],
    ['b', { x: 3, y: 5 }],
    ['c', LEAVES],
  ]),
  new Map([
    ['a', { x: 0, y: 4 }],
    ['b', LEAVES],
    ['c', LEAVES],
  ]),
];

test('every racer that is shown is judged', () => {
  const judged = verdicts(scene(), PEOPLE, LIMITS);
  assert.deepEqual(
    judged.map(({ card, distances, right }) => [card.id, distances, right]),
    [
      ['a', [2, 1, 3], [false, false, false]],
      ['b', [null, null, null], [true, false, true]],
      ['c', [null, null, null], [true, true, true]],
    ],
  );
});

test('whoever says that a run leaves the map is right if it does', () => {
  const everyoneLeaves = new Map(['a', 'b', 'c'].map((id) => [id, LEAVES]));
  const judged = verdicts(scene(), [everyoneLeaves], LIMITS);
  assert.deepEqual(
    judged.map(({ right }) => right),
    [[false], [true], [true]],
  );
});

test('misses come before distances', () => {
  const sums = totals(verdicts(scene(), PEOPLE, LIMITS), 3);
  assert.deepEqual(
    sums.map(({ sum, misses }) => [sum, misses]),
    [
      [2, 0],
      [1, 1],
      [3, 0],
    ],
  );
  assert.deepEqual(
    best(sums).map(({ person }) => person),
    [0],
  );
});

test('people with equal results share the first place', () => {
  const sums = totals(verdicts(scene(), [PEOPLE[0], PEOPLE[0]], LIMITS), 2);
  assert.equal(best(sums).length, 2);
});

test('the smallest numbers are named by their places, and null is none of them', () => {
  assert.deepEqual(smallest([4, null, 2, 2]), [2, 3]);
  assert.deepEqual(smallest([null, 7]), [1]);
});
