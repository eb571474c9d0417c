import assert from 'node:assert/strict';
import test from 'node:test';

import { barOf } from '../../../../../app/player/web/drawing/contours.js';

const STYLE = /** @type {any} */ ({ strokes: { words: { small: 11 } } });
const FIELD = /** @type {any} */ ({ ticks: [[0, '1']], corner: 'bottom right' });
/** @type {(width: number, height: number) => any} */
const frame = (width, height) => ({ width, height });
/** @type {(signs: [number, number][]) => string} */
const corner = (signs) => {
  const box = barOf(FIELD, frame(600, 400), STYLE, signs);
  if (!box) throw new Error('there is no bar');
  return `${box.y < 200 ? 'top' : 'bottom'} ${box.x < 200 ? 'left' : 'right'}`;
};

test('the bar of colours moves to a corner where it covers no sign', () => {
  assert.equal(corner([]), 'bottom right');
  assert.equal(corner([[300, 200]]), 'bottom right');
  assert.equal(corner([[500, 385]]), 'bottom left');
  assert.equal(
    corner([
      [500, 385],
      [100, 385],
    ]),
    'top left',
  );
});

test('the bar of colours leaves the middle of the edge to the name of the axis', () => {
  for (const width of [250, 312, 440, 600, 1000]) {
    const box = barOf(FIELD, frame(width, 400), STYLE, []);
    assert.ok(box && box.x >= width / 2 + 10 && box.x + box.width <= width);
  }
});

test('where every corner has a sign it covers as few as possible, and small maps have none', () => {
  const everywhere = /** @type {[number, number][]} */ ([
    [500, 385],
    [480, 380],
    [100, 385],
    [100, 20],
    [120, 20],
  ]);
  assert.equal(corner(everywhere), 'bottom left');
  assert.equal(barOf(FIELD, frame(200, 400), STYLE, []), null);
});
