// The ticks of logarithmic axes, and the titles of vertical ones.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decades, marginsOf, titleLines } from '../../../../../app/player/web/drawing/layout.js';

test('an axis of many decades has ticks at powers of ten', () => {
  assert.deepEqual(decades([-2.2, 2.1]).tickvals, [0.01, 0.1, 1, 10, 100]);
});

test('an axis of less than a decade has at least two ticks, all of them in view', () => {
  assert.deepEqual(decades([Math.log10(0.9), Math.log10(6)]).tickvals, [1, 2, 5]);
  // of 1, 2 and 5, only 2 lies between 1.2 and 4.8
  assert.deepEqual(decades([Math.log10(1.2), Math.log10(4.8)]).tickvals, [1.5, 2, 3]);
  assert.deepEqual(decades([Math.log10(1.2), Math.log10(4.8)]).ticktext, ['1.5', '2', '3']);
  assert.deepEqual(decades([Math.log10(2.15), Math.log10(2.45)]).tickvals, [2.2, 2.3, 2.4]);
  for (let low = -3; low < 3; low += 0.037) {
    for (const width of [0.001, 0.05, 0.3, 0.6, 0.9, 1.5]) {
      const { tickvals } = decades([low, low + width]);
      assert.ok(tickvals.length > 1, `${low} ${width}`);
      for (const value of tickvals) assert.ok(Math.log10(value) > low - 0.01 && Math.log10(value) < low + width + 0.01);
    }
  }
});

test('a title has as few lines as there is room for, and the margin has room for them', () => {
  const title = 'loss above the minimum (0.0236), cropped at 10⁻¹²';
  assert.deepEqual(titleLines(title, 600), [title]);
  assert.deepEqual(titleLines(title, 376), ['loss above the minimum (0.0236),', 'cropped at 10⁻¹²']);
  assert.deepEqual(titleLines(title, 300), ['loss above', 'the minimum (0.0236),', 'cropped at 10⁻¹²']);
  const y = { title, alternatives: [] };
  const panel = /** @type {any} */ ({ axes: [{ x: { title: 'step', alternatives: [], limits: null }, y }] });
  assert.equal(marginsOf(panel).t, 28);
  for (const lines of [2, 3]) assert.ok(marginsOf(panel, lines).t >= lines * 12 * 1.3);
});
