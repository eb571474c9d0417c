// The arithmetic of sliders.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { brief, fractionOf, rounded, valueAt } from '../../../../../app/player/web/cards/slider.js';

const SLIDERS = [
  { low: -2, high: 6, scale: 'linear' },
  { low: 1e-6, high: 10, scale: 'log' },
  { low: 0, high: 0.999, scale: 'one_minus_log' },
];

const near = (value, expected) => Math.abs(value - expected) <= 1e-12 * Math.max(1, Math.abs(expected));

test('the ends of a slider are the ends of its range', () => {
  for (const slider of SLIDERS) {
    assert.ok(near(valueAt(slider, 0), slider.low), slider.scale);
    assert.ok(near(valueAt(slider, 1), slider.high), slider.scale);
  }
});

test('the middle is the mean that belongs to the scale', () => {
  const [linear, log, close] = SLIDERS.map((slider) => valueAt(slider, 0.5));
  assert.equal(linear, 2);
  assert.ok(near(log, Math.sqrt(1e-6 * 10)));
  assert.ok(near(1 - close, Math.sqrt(1 * 0.001)));
});

test('a value lies where it came from', () => {
  for (const slider of SLIDERS) {
    for (const fraction of [0, 0.13, 0.5, 0.77, 1]) {
      assert.ok(Math.abs(fractionOf(slider, valueAt(slider, fraction)) - fraction) < 1e-9, slider.scale);
    }
  }
});

test('values are rounded to three digits, of their distance from one where they crowd against it', () => {
  const [linear, log, close] = SLIDERS;
  assert.equal(rounded(linear, 1.23456), 1.23);
  assert.equal(rounded(log, 0.00123456), 0.00123);
  assert.equal(rounded(close, 0.98765432), 0.9877);
  assert.equal(rounded(close, 0.4567), 0.457);
});

test('rounding neither leaves the range nor makes a zero of its noise', () => {
  const [linear, , close] = SLIDERS;
  assert.equal(rounded(linear, 1e-17), 0);
  assert.equal(rounded({ ...linear, high: 5.999 }, 5.999), 5.999);
  assert.equal(rounded(close, 0.99899999), 0.999);
});

test('a value is shown in four digits, and in more where it crowds against one', () => {
  const [linear, , close] = SLIDERS;
  assert.equal(brief(linear, 1.234567), '1.235');
  assert.equal(brief(close, 0.98765432), '0.98765');
  assert.equal(brief(close, 0.123456), '0.1235');
});
