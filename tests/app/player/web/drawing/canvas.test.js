// Pixels of values along linear and logarithmic axes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pixelAt, pixelsOf, valueAt, widthOfWords } from '../../../../../app/player/web/drawing/canvas.js';

/** A plot of 300 by 200 pixels that shows 2 ≤ x ≤ 8 and −3 ≤ y ≤ 1, y upwards. */
const FRAME = {
  left: 7,
  top: 9,
  width: 300,
  height: 200,
  x: { slope: 50, offset: -100 },
  y: { slope: -50, offset: 50 },
};
/** An axis of 200 pixels from 10⁻² below to 10² above. */
const LOG = { slope: -50, offset: 100, log: true };

test('points are placed by the affine map of each axis', () => {
  assert.deepEqual([...pixelsOf([2, 8, 5], [1, -3, -1], 3, FRAME)], [0, 0, 300, 200, 150, 100]);
});

test('only as many points are placed as were asked for', () => {
  assert.deepEqual([...pixelsOf([2, 8, 5], [1, -3, -1], 1, FRAME)], [0, 0]);
});

test('on a logarithmic axis decades are equally long', () => {
  assert.deepEqual(
    [0.01, 0.1, 1, 10, 100].map((value) => pixelAt(LOG, value)),
    [200, 150, 100, 50, 0],
  );
});

test('a logarithmic axis has no place for what is not positive', () => {
  assert.ok(Number.isNaN(pixelAt(LOG, 0)) && Number.isNaN(pixelAt(LOG, -1)));
});

test('an infinite value lies far beyond the frame, on its own side, at a finite place', () => {
  const [x, y] = pixelsOf([Infinity], [Infinity], 1, FRAME);
  assert.ok(x > 1e20 && Number.isFinite(x) && y < -1e20 && Number.isFinite(y));
});

test('a pixel has the value that is placed there', () => {
  for (const [axis, value] of [
    [FRAME.x, 3.7],
    [FRAME.y, -2.2],
    [LOG, 0.03],
  ]) {
    assert.ok(Math.abs(valueAt(axis, pixelAt(axis, value)) - value) < 1e-12);
  }
});

test('words are measured once in each font', () => {
  let count = 0;
  const context = /** @type {any} */ ({
    font: '',
    measureText(/** @type {string} */ text) {
      count += 1;
      return { width: text.length * parseFloat(this.font) };
    },
  });
  const widths = () =>
    ['10px a', '12px a'].flatMap((font) => ['start', 'saddle'].map((text) => widthOfWords(context, font, text)));
  assert.deepEqual(widths(), [50, 60, 60, 72]);
  assert.deepEqual(widths(), [50, 60, 60, 72]);
  assert.equal(count, 4);
});
