// Cells: their colours, which of them is at a place, and what it is called.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cellAt, fillCells, labelOf } from '../../../../../app/player/web/drawing/cells.js';

const mark = /** @type {any} */ ({
  box: [-4, 0, -2, 1],
  colors: ['#ff0000', '#c3c9d0'],
  shades: [Uint8Array.of(1, 2, 0), Uint8Array.of(0, 1, 2)],
  values: [Uint16Array.of(41, 0, 0), Uint16Array.of(0, 12345, 0)],
  x: Float64Array.of(0.001, 0.02, 0.3),
  y: Float64Array.of(0.25, 0.75),
  names: ['η', 'β'],
  unit: 'steps',
  words: [[2, 'diverged']],
});
/** Six pixels a cell: x from −4 to −2 over 18 pixels, y from 1 down to 0 over 12. */
const frame = /** @type {any} */ ({
  ...{ left: 0, top: 0, width: 18, height: 12 },
  x: { slope: 9, offset: 36, log: false },
  y: { slope: -12, offset: 12, log: false },
});

test('the highest row comes first, and unknown cells are transparent', () => {
  const pixels = new Uint8ClampedArray(24);
  const inks = [
    [255, 0, 0],
    [69, 77, 89],
  ];
  fillCells(pixels, mark.shades, inks);
  const at = (/** @type {number} */ k) => [...pixels.subarray(4 * k, 4 * k + 4)];
  assert.deepEqual(at(0), [0, 0, 0, 0]);
  assert.deepEqual(at(1), [255, 0, 0, 255]);
  assert.deepEqual(at(2), [69, 77, 89, 255]);
  assert.deepEqual(at(3), [255, 0, 0, 255]);
});

test('the cell at a place', () => {
  assert.deepEqual(cellAt(mark, frame, 1, 11), { row: 0, column: 0 });
  assert.deepEqual(cellAt(mark, frame, 8, 1), { row: 1, column: 1 });
  assert.equal(cellAt(mark, frame, 1, 1), null, 'a cell that is not known');
  assert.equal(cellAt(mark, frame, -1, 1), null);
  assert.equal(cellAt(mark, frame, 19, 1), null);
  assert.equal(cellAt(mark, frame, 8, 13), null);
});

test('a cell is called by its values and its number, or by the word of its shade', () => {
  assert.equal(labelOf(mark, 0, 0), 'η = 0.001, β = 0.25: 41 steps');
  assert.equal(labelOf(mark, 1, 1), 'η = 0.02, β = 0.75: 12,345 steps');
  assert.equal(labelOf(mark, 1, 2), 'η = 0.3, β = 0.75: diverged');
});
