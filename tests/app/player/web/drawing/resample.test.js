import assert from 'node:assert/strict';
import test from 'node:test';

import { resample, stepIn } from '../../../../../app/player/web/drawing/resample.js';

/** @type {(low: number, high: number, count: number) => Float64Array} */
const grid = (low, high, count) =>
  Float64Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
const [X, Y] = [grid(-2, 3, 30), grid(-1, 1, 20)];
const [FINE_X, FINE_Y] = [grid(-2, 3, 101), grid(-1, 1, 83)];

/** A valley narrower than a cell, turned against the grid. @type {(x: number, y: number) => number} */
const ravine = (x, y) => 0.5 * (x ** 2 + 300 * (y - 0.3 * x) ** 2) + 0.1;

/** @type {Record<string, (loss: number) => number>} */
const RISE = {
  linear: (loss) => loss,
  log: Math.log10,
  'signed log': (loss) => Math.sign(loss) * Math.log10(1 + Math.abs(loss)),
};

/** @type {(scale: string, height: (x: number, y: number) => number) => any} */
const fieldOf = (scale, height) => ({
  ...{ x: X, y: Y, scale, low: -99, high: 300, step: 1 },
  z: Array.from(Y, (y) => Float64Array.from(X, (x) => height(x, y))),
});

for (const [scale, rise] of Object.entries(RISE)) {
  test(`between its points a parabola is exact: ${scale}`, () => {
    const shift = scale === 'signed log' ? 20 : 0;
    const fine = resample(
      fieldOf(scale, (x, y) => rise(ravine(x, y) - shift)),
      FINE_X,
      FINE_Y,
    );
    FINE_Y.forEach((y, j) => {
      FINE_X.forEach((x, i) => {
        const wanted = rise(ravine(x, y) - shift);
        assert.ok(Math.abs(fine[j][i] - wanted) < 1e-5 * Math.max(1, Math.abs(wanted)), `${x}, ${y}`);
      });
    });
  });
}

test('what is not a number spreads no further than its cells, and what lies outside is as the edge', () => {
  const field = fieldOf('linear', ravine);
  field.z[7][11] = NaN;
  const [left, low] = [X[11], Y[7]];
  const [cell, tall] = [X[1] - X[0], Y[1] - Y[0]];
  const fine = resample(field, [left - 1.01 * cell, left - 0.99 * cell, left, -9], [low, low + 1.01 * tall]);
  assert.deepEqual(Array.from(fine[0], Number.isNaN), [false, true, true, false]);
  assert.deepEqual(Array.from(fine[1], Number.isNaN), [false, false, false, false]);
  assert.ok(Math.abs(fine[0][3] - ravine(-2, low)) < 1e-4 * ravine(-2, low));
});

test('what would be lower than the scale is at its lower end', () => {
  const field = { ...fieldOf('log', (x, y) => Math.log10(ravine(x, y))), low: 0.5 };
  const [[height]] = resample(field, [0], [0]);
  assert.equal(height, 0.5);
});

test('a view has six contours, or their step is halved', () => {
  const field = { ...fieldOf('linear', ravine), low: 0, high: 16, step: 0.25 };
  const rows = (/** @type {number} */ span) => [Float32Array.of(0, span / 2, span)];
  assert.deepEqual(
    [10, 1.5, 1.375, 0.25, 1e-9, 0].map((span) => stepIn(field, rows(span))),
    [0.25, 0.25, 0.125, 0.03125, 0.25 / 64, 0.25],
  );
});
