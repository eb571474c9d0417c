import assert from 'node:assert/strict';
import test from 'node:test';

import { boxOn, Places, SIDES } from '../../../../../app/player/web/drawing/placing.js';

const FRAME = { width: 400, height: 200 };
const WORDS = { x: 200, y: 100, width: 50, height: 11, gap: 8, side: 'top center' };

test('with nothing in the way words stand where they are wanted', () => {
  for (const side of SIDES) {
    assert.deepEqual(new Places(FRAME, []).place({ ...WORDS, side }), { side, box: boxOn({ ...WORDS, side }, side) });
  }
});

test('a box lies on its side of the point, the gap away', () => {
  assert.deepEqual(boxOn(WORDS, 'bottom right'), { x: 208, y: 108, width: 50, height: 11 });
  assert.deepEqual(boxOn(WORDS, 'top left'), { x: 142, y: 81, width: 50, height: 11 });
  assert.deepEqual(boxOn(WORDS, 'middle left'), { x: 142, y: 94.5, width: 50, height: 11 });
  assert.deepEqual(boxOn(WORDS, 'top center'), { x: 175, y: 81, width: 50, height: 11 });
});

test('words step aside for a trail that passes through, even if its points are far away', () => {
  const trail = [-900, 86, 1300, 86];
  const { side } = new Places(FRAME, [trail]).place(WORDS);
  assert.equal(side, 'bottom right');
  const both = [trail, [-900, 114, 1300, 114]];
  assert.equal(new Places(FRAME, both).place(WORDS).side, 'middle right');
});

test('words stay in the frame', () => {
  assert.ok(new Places(FRAME, []).place({ ...WORDS, y: 4 }).side.startsWith('bottom'));
  assert.ok(new Places(FRAME, []).place({ ...WORDS, x: 398 }).side.endsWith('left'));
});

test('words cover neither marks nor words that were placed before', () => {
  const places = new Places(FRAME, []);
  places.keep(200, 85, 6);
  const boxes = [places.place(WORDS), places.place(WORDS), places.place(WORDS)].map(({ box }) => box);
  const pairs = [[boxes[0], boxes[1]], [boxes[0], boxes[2]], [boxes[1], boxes[2]]]; // prettier-ignore
  for (const [a, b] of pairs) {
    assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y);
  }
  assert.ok(boxes.every((box) => box.y > 91 || box.y + 11 < 79 || box.x > 206 || box.x + 50 < 194));
});

test('a trail that is nowhere is in the way of nothing', () => {
  assert.equal(new Places(FRAME, [[NaN, NaN, 200, 86, NaN, NaN]]).place(WORDS).side, 'top center');
});
