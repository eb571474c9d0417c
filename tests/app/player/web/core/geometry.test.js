// Paths in pixels, held to brute force: dense samples of segments, and sums written out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clip, draw, exit, fit, inside, lengths, thinned } from '../../../../../app/player/web/core/geometry.js';

/** A plot of 300 by 200 pixels. */
const FRAME = { width: 300, height: 200 };

/** Numbers in [0, 1), the same in every run (Lehmer 1951). */
function* random(seed) {
  for (let state = seed; ;) yield (state = (state * 48271) % 2147483647) / 2147483647;
}

test('a clipped segment is the part whose samples lie in the box', () => {
  const [left, top, right, bottom] = [10, 20, 70, 50];
  const contains = (x, y, slack) => x >= left - slack && x <= right + slack && y >= top - slack && y <= bottom + slack;
  const numbers = random(7);
  const next = () => 100 * numbers.next().value;
  let cut = 0;
  for (let k = 0; k < 300; k++) {
    const [x0, y0, x1, y1] = [next(), next(), next(), next()];
    const at = (t) => [x0 + t * (x1 - x0), y0 + t * (y1 - y0)];
    const samples = Array.from({ length: 2001 }, (_, i) => i / 2000).filter((t) => contains(...at(t), 0));
    const piece = clip(x0, y0, x1, y1, left, top, right, bottom);
    if (!samples.length) {
      // A corner may be cut between two samples.
      assert.ok(piece === null || Math.hypot(piece[2] - piece[0], piece[3] - piece[1]) < 0.1);
      continue;
    }
    cut += 1;
    const [from, to] = [at(samples[0]), at(samples.at(-1))];
    const step = Math.hypot(x1 - x0, y1 - y0) / 2000 + 1e-9;
    assert.ok(Math.hypot(piece[0] - from[0], piece[1] - from[1]) <= step);
    assert.ok(Math.hypot(piece[2] - to[0], piece[3] - to[1]) <= step);
    assert.ok(contains(piece[0], piece[1], 1e-9) && contains(piece[2], piece[3], 1e-9));
  }
  assert.ok(cut > 50);
});

test('a segment along an edge of the box, and a point, are kept', () => {
  assert.deepEqual(clip(0, 5, 20, 5, 3, 5, 9, 8), [3, 5, 9, 5]);
  assert.deepEqual(clip(4, 6, 4, 6, 3, 5, 9, 8), [4, 6, 4, 6]);
  assert.equal(clip(1, 6, 1, 7, 3, 5, 9, 8), null);
});

test('the edges of the frame belong to it', () => {
  assert.ok(inside(0, 0, FRAME) && inside(300, 200, FRAME));
  assert.ok(inside(300 + 1e-9, 0, FRAME) && inside(0, -1e-9, FRAME)); // the last step of an axis, after rounding
  assert.ok(!inside(300.5, 100, FRAME) && !inside(100, -0.5, FRAME));
});

/** A canvas that writes down what is drawn. */
function recorder() {
  const moves = [];
  return { moves, moveTo: (x, y) => moves.push(['M', x, y]), lineTo: (x, y) => moves.push(['L', x, y]) };
}

test('steps are drawn as one line', () => {
  const pen = recorder();
  draw(pen, Float64Array.of(10, 10, 20, 30, 40, 20, 60, 60), 0, 3, FRAME);
  assert.deepEqual(pen.moves, [
    ['M', 10, 10],
    ['L', 20, 30],
    ['L', 40, 20],
    ['L', 60, 60],
  ]);
});

test('moves too small to be seen are drawn together, the last of them always', () => {
  const pen = recorder();
  draw(pen, Float64Array.of(10, 10, 10.1, 10, 10.2, 10, 30, 10, 30.1, 10), 0, 4, FRAME);
  assert.deepEqual(pen.moves, [
    ['M', 10, 10],
    ['L', 30, 10],
    ['L', 30.1, 10],
  ]);
});

test('a path that leaves and returns is drawn in pieces, cut well outside the frame', () => {
  const pen = recorder();
  draw(pen, Float64Array.of(100, 100, 1e6, 100, 100, 120, 110, 120), 0, 3, FRAME);
  const [start, out, back, ...rest] = pen.moves;
  assert.deepEqual(start, ['M', 100, 100]);
  assert.ok(out[0] === 'L' && out[1] > 300 && out[1] < 1000);
  assert.ok(back[0] === 'M' && back[1] > 300 && back[1] < 1000);
  assert.deepEqual(rest.slice(-1), [['L', 110, 120]]);
});

test('points that are not numbers leave a gap', () => {
  const pen = recorder();
  draw(pen, Float64Array.of(10, 10, 20, 10, NaN, NaN, 40, 10, 50, 10), 0, 4, FRAME);
  assert.deepEqual(pen.moves, [
    ['M', 10, 10],
    ['L', 20, 10],
    ['M', 40, 10],
    ['L', 50, 10],
  ]);
});

test('lengths add up along the path', () => {
  assert.deepEqual([...lengths(Float64Array.of(0, 0, 3, 4, 3, 16, 8, 16), FRAME)], [0, 5, 17, 22]);
});

test('a run leaves the frame where its last crossing segment meets the edge', () => {
  const path = Float64Array.of(100, 100, 250, 100, 400, 200);
  const { x, y, angle } = exit(path, 1, [400, 200], FRAME);
  // From (250, 100) with slope 100 / 150: the edge x = 300 is met at y = 100 + 50 · 2 / 3.
  assert.equal(x, 300);
  assert.ok(Math.abs(y - (100 + 100 / 3)) < 1e-9);
  assert.equal(angle, Math.atan2(100, 150));
});

test('a run that was never inside leaves nowhere', () => {
  assert.equal(exit(Float64Array.of(400, 300, 500, 300), 0, [500, 300], FRAME), null);
});

test('a window is widened until a unit is as long on either axis', () => {
  const box = { width: 400, height: 200 };
  const [[x0, x1], [y0, y1]] = fit(
    [
      [-1, 1],
      [3, 7],
    ],
    box,
    [
      [-100, 100],
      [-100, 100],
    ],
  );
  // 4 units over 200 pixels ask for 0.02 units a pixel, and 400 pixels then show 8.
  assert.deepEqual([x0, x1, y0, y1], [-4, 4, 3, 7]);
});

test('a fitted window stays within what the figure covers', () => {
  const box = { width: 400, height: 200 };
  const limits = [
    [-3, 3.5],
    [0, 9],
  ];
  const [[x0, x1], [y0, y1]] = fit(
    [
      [-1, 1],
      [3, 7],
    ],
    box,
    limits,
  );
  assert.ok(x0 >= -3 && x1 <= 3.5 && y0 >= 0 && y1 <= 9);
  assert.ok(Math.abs((x1 - x0) / 400 - (y1 - y0) / 200) < 1e-12);
  assert.equal(x1 - x0, 6.5);
});

/** The segments that a thinned path draws, by the half pixels that they join. */
function segmentsOf(path, kept) {
  const cell = (k) => [0, 1].map((axis) => Math.round(2 * path[2 * k + axis])).join(' ');
  const drawn = new Set();
  kept.forEach((k, place) => {
    if (!place || k < 0 || kept[place - 1] < 0) return;
    const ends = [cell(kept[place - 1]), cell(k)];
    if (ends[0] !== ends[1]) drawn.add(ends.sort().join(' – '));
  });
  return drawn;
}

const everything = (path) => Array.from({ length: path.length / 2 }, (_, k) => k);

test('a short path keeps all its points', () => {
  assert.equal(thinned(Float64Array.from({ length: 400 }, (_, k) => k % 7)), null);
});

test('a long path that goes to and fro is drawn once, with every segment that it has', () => {
  // Down a valley for 300 steps, then for 9,000 between four places.
  const points = Array.from({ length: 9300 }, (_, k) =>
    k < 300 ? [300 - k, 40 + 30 * (-1) ** k] : [(k % 4) * 3, [0, 20, 5, 60][k % 4]],
  );
  const path = Float64Array.from(points.flat());
  const kept = thinned(path);
  assert.ok(kept.length < 320);
  assert.deepEqual(segmentsOf(path, kept), segmentsOf(path, everything(path)));
  assert.equal(kept[0], 0);
  const steps = kept.filter((k) => k >= 0);
  assert.deepEqual(
    [...steps],
    [...steps].sort((a, b) => a - b),
  );
});

test('where a path returns to a way that it has not gone, the gap is left out', () => {
  const there = Array.from({ length: 2000 }, (_, k) => [[0, 10][k % 2], 0]);
  const path = Float64Array.from([...there, [0, 50], [30, 50]].flat());
  const kept = [...thinned(path)];
  assert.deepEqual(kept, [0, 1, -1, 1999, 2000, 2001]);
});

test('a curve over time keeps its ends, and the lowest and the highest point of each pixel', () => {
  const count = 20000;
  const heights = Array.from({ length: count }, (_, k) => 50 + 40 * Math.sin(k * k) + 5 * Math.cos(k / 999));
  const path = Float64Array.from(heights.flatMap((y, k) => [(k * 500) / count, y]));
  const kept = [...thinned(path)];
  assert.ok(kept.length <= 4 * 500);
  assert.deepEqual([kept[0], kept.at(-1)], [0, count - 1]);
  for (let column = 0; column < 500; column++) {
    const all = heights.slice((column * count) / 500, ((column + 1) * count) / 500);
    const drawn = kept.filter((k) => Math.floor(path[2 * k]) === column).map((k) => heights[k]);
    assert.deepEqual([Math.min(...drawn), Math.max(...drawn)], [Math.min(...all), Math.max(...all)]);
  }
});

test('a gap in a curve stays', () => {
  const path = Float64Array.from({ length: 8000 }, (_, i) => (i % 2 ? (i === 4001 ? NaN : 3) : i / 100));
  assert.ok([...thinned(path)].includes(2000));
});

test('where not all of a window fits, it is moved to a point that stays in view', () => {
  const window = [
    [-4, 4],
    [-1, 1],
  ];
  const limits = [
    [-5, 5],
    [-2, 2],
  ];
  const box = { width: 100, height: 100 }; // 4 units either way are all that the limits allow
  assert.deepEqual(fit(window, box, limits)[0], [-2, 2]);
  assert.deepEqual(fit(window, box, limits, [1, 0])[0], [-2, 2]);
  const [[x0, x1]] = fit(window, box, limits, [-3, 0]);
  assert.ok(x0 < -3 && x1 > -3 && x1 < 2);
  assert.ok(Math.abs(x1 - x0 - 4) < 1e-12);
  const [[left]] = fit(window, box, limits, [-4.99, 0]);
  assert.equal(left, -5); // no further than the limits
});
