// Numbers as texts, on examples written by hand. test_digits.py compares thousands of them with Python.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parsed, percent, short } from '../../../../../app/player/web/core/digits.js';

const TEXTS = [
  [0, '0'],
  [0.05, '0.05'],
  [-2.5, '−2.5'],
  [12345.678, '12,345.7'],
  [1e7, '10⁷'],
  [1.2e-7, '1.2·10⁻⁷'],
  [0.0001, '0.0001'],
  [Infinity, '∞'],
  [-Infinity, '−∞'],
];

for (const [value, text] of TEXTS) {
  test(`${value} is written ${text}, and read back`, () => {
    assert.equal(short(value), text);
    if (Number.isFinite(value)) assert.ok(Math.abs(parsed(text) - value) <= 1e-5 * Math.abs(value));
  });
}

test('NaN is called what it is', () => assert.equal(short(NaN), 'not a number'));

test('padded numbers keep the zeros at their end', () => {
  assert.equal(short(0.05, 3, true), '0.0500');
  assert.equal(short(0.05, 3), '0.05');
});

test('percentages have three digits', () => assert.equal(percent(0.15249), '15.2 %'));

test('numbers are read as people type them', () => {
  assert.deepEqual(['0,05', ' 1e-3', '−2', '1,234.5', '12,345'].map(parsed), [0.05, 1e-3, -2, 1234.5, 12345]);
  assert.ok(['', 'fast', '10⁻', '0.1.2'].every((text) => Number.isNaN(parsed(text))));
});
