import assert from 'node:assert/strict';
import test from 'node:test';

import { edgeOf, evenTicks, ticksOf } from '../../../../../app/player/web/drawing/edges.js';

/** A camera without perspective that looks along y, from above: x to the right, y and z upwards. */
const ABOVE = {
  matrix: Float64Array.from([0.2, 0, 0, 0, 0, 0.1, 0, 0, 0, 0.1, 0, 0, 0, 0, 0, 1]),
  ...{ left: 0, top: 0, width: 400, height: 200 },
};
const [LOW, HIGH] = /** @type {[number, number, number][]} */ ([
  [-1, -2, 0],
  [1, 2, 3],
]);

test('ticks are round, evenly spaced and within the range', () => {
  const values = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ most) =>
    evenTicks(low, high, most).map(([value]) => value);
  assert.deepEqual(values(-2.1, 2.1, 6), [-2, -1, 0, 1, 2]);
  assert.deepEqual(values(0, 0.3, 4), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(values(-1.2, 3.2, 4), [0, 2]);
  assert.deepEqual(values(90, 1010, 4), [500, 1000]);
  assert.deepEqual(evenTicks(-0.4, 0.1, 6).map(([, words]) => words), ['−0.4', '−0.3', '−0.2', '−0.1', '0', '0.1']); // prettier-ignore
});

test('x and y are written along the lower edge in front, the loss at the left', () => {
  assert.deepEqual(edgeOf(LOW, HIGH, 0, ABOVE), [
    [-1, -2, 0],
    [1, -2, 0],
  ]);
  const [from, to] = edgeOf(LOW, HIGH, 2, ABOVE);
  assert.deepEqual([from[0], to[0], from[2], to[2]], [-1, -1, 0, 3]);
  const [start, end] = edgeOf(LOW, HIGH, 1, ABOVE);
  assert.deepEqual([start[1], end[1], start[2]], [-2, 2, 0]);
});

test('the loss has the ticks of the map where there are some, and those alone that are in the box', () => {
  const ticks = /** @type {[number, string][]} */ ([
    [-9, 'far below'],
    [1, '10'],
    [2, '100'],
  ]);
  const ground = /** @type {any} */ ({ box: [[0, 1], [0, 1]], range: [0, 1.5], lift: 0.05, ticks }); // prettier-ignore
  assert.deepEqual(ticksOf(ground)[2], [[1, '10']]);
  assert.ok(ticksOf({ ...ground, ticks: [] })[2].length > 2);
});
