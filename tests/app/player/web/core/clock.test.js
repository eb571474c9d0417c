// The clock, driven frame by frame: how far a race has got after so many seconds.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Clock, RACE } from '../../../../../app/player/web/core/clock.js';

/** The browser's side: frames come when a test asks for them. */
const browser = { reduced: false, frame: null, now: 0 };
globalThis.window = { matchMedia: () => ({ matches: browser.reduced }) };
globalThis.requestAnimationFrame = (callback) => ((browser.frame = callback), 1);
globalThis.cancelAnimationFrame = () => (browser.frame = null);

beforeEach(() => Object.assign(browser, { reduced: false, frame: null, now: 1000 }));

function clockOf(steps, options = {}) {
  const seen = [];
  const changes = [];
  const clock = new Clock(
    (position) => seen.push(position),
    () => changes.push(clock.playing),
  );
  clock.resize(steps);
  clock.seek(0);
  Object.assign(clock, options);
  return { clock, seen, changes };
}

/** Lets frames pass, each of so many milliseconds. */
function pass(milliseconds, count = 1) {
  for (let k = 0; k < count && browser.frame; k++) {
    const callback = browser.frame;
    browser.frame = null;
    callback((browser.now += milliseconds));
  }
}

/** Starts, and lets the frame pass that only notes the time. */
function start(clock) {
  clock.play();
  pass(0);
}

test('a race of any length lasts as long at speed 1', () => {
  for (const steps of [10, 300, 2000]) {
    const { clock } = clockOf(steps);
    start(clock);
    pass(20, (RACE / 4) * 50);
    assert.ok(Math.abs(clock.position - steps / 4) < 1e-9 * steps, `${clock.position} of ${steps}`);
    pass(20, RACE * 50);
    assert.deepEqual([clock.position, clock.playing], [steps, false]);
  }
});

test('speed multiplies', () => {
  const { clock } = clockOf(800, { speed: 0.5 });
  start(clock);
  pass(10, 100);
  assert.ok(Math.abs(clock.position - (0.5 * 800) / RACE) < 1e-6);
});

test('a frame counts a tenth of a second at most', () => {
  const { clock } = clockOf(800);
  start(clock);
  pass(5000);
  assert.ok(Math.abs(clock.position - (0.1 * 800) / RACE) < 1e-9);
});

test('a paused clock stands at a whole step and stops asking for frames', () => {
  const { clock, changes } = clockOf(800);
  start(clock);
  pass(16, 3);
  clock.pause();
  assert.equal(clock.position, Math.floor((0.048 * 800) / RACE));
  assert.equal(browser.frame, null);
  assert.deepEqual(changes, [true, false]);
});

test('at its end a clock holds, and starts over if it loops', () => {
  const { clock } = clockOf(100, { loop: true });
  clock.seek(99);
  start(clock);
  pass(100);
  assert.deepEqual([clock.position, clock.playing], [100, true]);
  pass(100, 8);
  assert.equal(clock.position, 100, 'still held after 0.8 s');
  pass(100, 2);
  assert.ok(clock.position < 5);
});

test('playing from the end starts at the beginning', () => {
  const { clock } = clockOf(100);
  clock.seek(100);
  start(clock);
  assert.equal(clock.position, 0);
});

test('seeking rounds to steps and stays within the race and its limit', () => {
  const { clock, seen } = clockOf(100);
  for (const position of [3.6, -5, 1000]) clock.seek(position);
  clock.limit = 40;
  clock.seek(70);
  assert.deepEqual(seen, [0, 4, 0, 100, 40]);
});

test('single steps pause', () => {
  const { clock } = clockOf(100);
  start(clock);
  pass(50, 2);
  clock.step(2);
  assert.deepEqual([clock.position, clock.playing], [Math.floor((0.1 * 100) / RACE) + 2, false]);
});

test('a race of another length keeps the playhead, and its end if it was there', () => {
  const { clock } = clockOf(100);
  clock.seek(30);
  clock.resize(200);
  assert.equal(clock.position, 30);
  clock.resize(20);
  assert.equal(clock.position, 20);
  clock.resize(70);
  assert.equal(clock.position, 70);
});

test('a race without steps does not play', () => {
  const { clock, changes } = clockOf(0);
  clock.play();
  assert.deepEqual([clock.playing, changes], [false, []]);
});

test('with reduced motion the playhead jumps between whole steps, ten times a second', () => {
  browser.reduced = true;
  const { clock, seen } = clockOf(1600);
  seen.length = 0;
  start(clock);
  pass(10, 100);
  const jumps = [...new Set(seen)];
  assert.ok(jumps.every(Number.isInteger));
  assert.ok(jumps.length >= 10 && jumps.length <= 11, `${jumps.length} positions in a second`);
});
