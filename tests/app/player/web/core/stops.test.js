// The stop that is nearest to a value.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nearest } from '../../../../../app/player/web/core/stops.js';

const STOPS = [0.001, 0.01, 0.1, 0.7, 2];

test('a value at a stop is at that stop', () => {
  STOPS.forEach((value, place) => assert.equal(nearest(STOPS, value), place));
});

test('a value between two stops is at the nearer one', () => {
  assert.equal(nearest(STOPS, 0.39), 2);
  assert.equal(nearest(STOPS, 0.41), 3);
  assert.equal(nearest(STOPS, 1.36), 4);
});

test('a value beyond the ends is at the end', () => {
  assert.equal(nearest(STOPS, -3), 0);
  assert.equal(nearest(STOPS, 30), 4);
});

test('a slider with a single stop stands at it', () => {
  assert.equal(nearest([0.5], 7), 0);
});
