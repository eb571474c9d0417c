// Graphs: the size of their pictures, the colours of pixels, and which node is at a place or beside another.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fillNode, nodeAt, nodeBeside, sizeOf } from '../../../../../app/player/web/drawing/graph.js';

const mark = /** @type {any} */ ({ x: [0, 1, 1], y: [0.5, 0.75, 0.25], room: [0.5, 0.4] });
/** 100 pixels for a unit of x from −0.5 to 1.5, and 200 for y from 1 down to 0. */
const frame = /** @type {any} */ ({
  ...{ left: 0, top: 0, width: 200, height: 200 },
  x: { slope: 100, offset: 50, log: false },
  y: { slope: -200, offset: 200, log: false },
});

test('a picture is the largest square in its room', () => {
  assert.equal(sizeOf(mark, frame), 50);
  assert.equal(sizeOf({ ...mark, room: [0.9, 0.4] }, frame), 80);
  assert.equal(sizeOf({ ...mark, room: [0, 0] }, frame), 1);
});

test('the node at a place', () => {
  assert.equal(nodeAt(mark, frame, 50, 100), 0);
  assert.equal(nodeAt(mark, frame, 150 + 24, 50 - 24), 1);
  assert.equal(nodeAt(mark, frame, 150, 150), 2);
  assert.equal(nodeAt(mark, frame, 100, 100), null);
  assert.equal(nodeAt(mark, frame, 150, 100), null);
});

test('zero is the paper, and the ends are the colours of negative and positive numbers', () => {
  const pixels = new Uint8ClampedArray(20);
  const inks = [
    [200, 0, 0],
    [0, 0, 100],
  ];
  fillNode(pixels, Uint8Array.of(128, 255, 1, 0, 192), inks, [255, 255, 255]);
  const at = (/** @type {number} */ k) => [...pixels.subarray(4 * k, 4 * k + 4)];
  assert.deepEqual(at(0), [255, 255, 255, 255]);
  assert.deepEqual(at(1), [0, 0, 100, 255]);
  assert.deepEqual(at(2), [200, 0, 0, 255]);
  assert.deepEqual(at(3), [200, 0, 0, 255]);
  assert.deepEqual(at(4), [126, 126, 177, 255]);
});

test('arrow keys lead along a column, and to the nearest node of the next column', () => {
  // two nodes, three nodes, one node
  const graph = /** @type {any} */ ({ x: [0, 0, 1, 1, 1, 2], y: [0.6, 0.4, 0.7, 0.5, 0.3, 0.5] });
  const from = (/** @type {number} */ node) =>
    ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'].map((key) => nodeBeside(graph, node, key));
  assert.deepEqual(from(0), [null, 1, null, 2]);
  assert.deepEqual(from(1), [0, null, null, 3]);
  assert.deepEqual(from(4), [3, null, 1, 5]);
  assert.deepEqual(from(5), [null, null, 3, null]);
  assert.equal(nodeBeside(graph, 3, 'Enter'), null);
});
