import assert from 'node:assert/strict';
import test from 'node:test';

import { RefinedGround } from '../../../../../app/player/web/panels/refined.js';

/** @type {(low: number, high: number, count: number) => Float64Array} */
const ticks = (low, high, count) =>
  Float64Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
/** @type {(low: number, high: number) => any} */
const grid = (low, high) => ({ x: ticks(low, high, 101), y: ticks(low, high, 101), z: [] });
/** A frame of 400 by 400 pixels that shows a range on both axes. @type {(low: number, high: number) => any} */
const frame = (low, high) => {
  const slope = 400 / (high - low);
  const x = { slope, offset: -low * slope, log: false };
  return { left: 0, top: 0, width: 400, height: 400, x, y: { slope: -slope, offset: high * slope, log: false } };
};

test('of the grids that cover a window the finest is drawn', () => {
  const refined = new RefinedGround(() => {});
  const whole = grid(-2, 2);
  refined.of('one');
  refined.grids = [grid(-1, 1), grid(-0.1, 0.1), grid(-0.5, 0.5)];
  /** @type {(low: number, high: number) => number} */
  const finest = (low, high) => refined.finest(whole, frame(low, high)).x[100];
  assert.deepEqual([finest(-0.1, 0.1), finest(-0.11, 0.1), finest(0.2, 1), finest(0, 1.1)], [0.1, 0.5, 1, 2]);
  refined.of('one');
  assert.equal(refined.grids.length, 3);
  refined.of('another'); // the levels or the surface have changed
  assert.equal(refined.finest(whole, frame(0, 0.1)), whole);
});

test('a window is requested when its cells are large, once it rests, and not without a server', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  /** @type {string[]} */
  const asked = [];
  t.mock.method(globalThis, 'fetch', (/** @type {string} */ address) => {
    asked.push(address);
    return Promise.resolve({ ok: false });
  });
  const refined = new RefinedGround(() => {});
  refined.of('one');
  refined.want(grid(-2, 2), frame(-2, 2), '/live/WHAT?race'); // a cell has four pixels
  t.mock.timers.tick(1000);
  refined.want(grid(-2, 2), frame(-1, 1), ''); // a cell has eight
  t.mock.timers.tick(1000);
  assert.deepEqual(asked, []);
  refined.want(grid(-2, 2), frame(-1, 1), '/live/WHAT?race');
  t.mock.timers.tick(100);
  refined.want(grid(-2, 2), frame(-0.5, 1.5), '/live/WHAT?race'); // the view still moves
  t.mock.timers.tick(1000);
  assert.deepEqual(asked, ['/live/ground?race&live.left=-0.5&live.right=1.5&live.bottom=-0.5&live.top=1.5']);
});
