// Events on their way to Python: one a rerun, and none while the page's script runs or its server is away. Timers pass
// when a test lets them.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { Outbox } from '../../../../../app/player/web/core/outbox.js';

/** What Streamlit writes on the page, and a document that hears what is done there. */
const page = { testScriptState: 'notRunning', testConnectionState: 'CONNECTED' };
class Node {}
globalThis.Node = Node;
globalThis.HTMLElement = class extends Node {
  dataset = page;
};
globalThis.KeyboardEvent = class extends Event {
  constructor(type, { key }) {
    super(type);
    this.key = key;
  }
};
const { HTMLElement, KeyboardEvent } = globalThis;
const document = Object.assign(new EventTarget(), { querySelector: () => new HTMLElement() });
globalThis.document = document;

let now = 0;
let outbox;
let delivered;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(performance, 'now', () => now);
  Object.assign(page, { testScriptState: 'notRunning', testConnectionState: 'CONNECTED' });
  outbox = new Outbox();
  delivered = [];
});

afterEach(() => {
  outbox.close();
  mock.timers.reset();
  mock.restoreAll();
});

function later(milliseconds) {
  for (let k = 0; k < milliseconds; k++) {
    now += 1;
    mock.timers.tick(1);
  }
}

const MOVES = {
  open: () => outbox.open(({ kind }) => delivered.push(kind)),
  hold: () => outbox.hold(),
  runs: () => (page.testScriptState = 'running'),
  asked: () => (page.testScriptState = 'rerunRequested'),
  rests: () => (page.testScriptState = 'notRunning'),
  lost: () => (page.testConnectionState = 'PINGING_SERVER'),
  back: () => (page.testConnectionState = 'CONNECTED'),
  click: () => document.dispatchEvent(new Event('click')),
  tab: () => document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab' })),
  enter: () => document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' })),
  later: () => later(500),
  long: () => later(4000),
};

/** What was delivered after each move; a move that has no meaning of its own is the kind of an event. */
const CASES = [
  ['the first answer opens the way for one event', 'a open b open c', ['', 'a', 'a', 'a b', 'a b']],
  ['events wait for the script to rest', 'open runs a b rests open', ['', '', '', '', 'a', 'a b']],
  ['events wait for a rerun that was asked for', 'open asked a rests', ['', '', '', 'a']],
  ['events wait for the rerun that was announced', 'open hold a rests open', ['', '', '', '', 'a']],
  ['an announced rerun that does not come is given up', 'open hold a later long', ['', '', '', '', 'a']],
  ['an answer that does not come is given up', 'open a b later long', ['', 'a', 'a', 'a', 'a b']],
  ['a script that runs long is waited for', 'open a b runs long rests', ['', 'a', 'a', 'a', 'a', 'a b']],
  ['what was done elsewhere on the page may start a run', 'open click a later', ['', '', '', 'a']],
  ['that run has begun and ended', 'open click runs a rests', ['', '', '', '', 'a']],
  ['a key that changes nothing starts no run', 'open tab a', ['', '', 'a']],
  ['Enter may start a run', 'open enter a later', ['', '', '', 'a']],
  ['nothing is sent while the server is away', 'open lost a b back open', ['', '', '', '', 'a', 'a b']],
  ['a poll gives way to any event', 'open runs poll a rests open', ['', '', '', '', 'a', 'a']],
];

for (const [name, moves, expected] of CASES) {
  test(name, () => {
    const seen = moves.split(' ').map((move) => {
      if (move in MOVES) MOVES[move]();
      else outbox.send({ kind: move });
      later(50);
      return delivered.join(' ');
    });
    assert.deepEqual(seen, expected);
  });
}

/** What waits is the last value of each number, as long as nothing else was done between two values of it. */
const SET = { kind: 'parameter', racer: 'a', name: 'rate' };
const WAITING = [
  ['only the last value of a slider waits', [1, 2, 3].map((value) => ({ ...SET, value })), [3]],
  ['another slider waits as well', [SET, { ...SET, name: 'momentum' }, { ...SET, racer: 'b' }], 3],
  ['the race beside has values of its own', [SET, { ...SET, beside: true }], 2],
  ['a value that was set before a racer was duplicated stays', [SET, { kind: 'duplicate', racer: 'a' }, SET], 3],
  ['only the last start waits', [{ kind: 'start' }, { kind: 'start' }, { kind: 'start', beside: true }], 2],
  ['every other event waits', [{ kind: 'add' }, { kind: 'add' }], 2],
];

for (const [name, events, expected] of WAITING) {
  test(name, () => {
    for (const event of events) outbox.send(event);
    const left = outbox.waiting;
    if (Array.isArray(expected)) {
      assert.deepEqual(
        left.map(({ value }) => value),
        expected,
      );
    } else assert.equal(left.length, expected);
    assert.ok(outbox.holds(({ kind }) => kind === events[0].kind));
    MOVES.open();
    later(5);
    assert.equal(outbox.waiting.length, left.length - 1, 'the first is on its way');
    assert.ok(outbox.holds((event) => event === left[0]));
    MOVES.open();
    assert.equal(outbox.sent && outbox.busy, false, 'it was answered');
  });
}

test('an outbox is idle when nothing waits and nothing is on its way', () => {
  assert.ok(outbox.idle);
  outbox.send({ kind: 'a' });
  assert.ok(!outbox.idle);
  MOVES.open();
  later(5);
  assert.ok(!outbox.idle, 'delivered, and not yet answered');
  MOVES.open();
  assert.ok(outbox.idle);
});

test('only the answer to an event opens the way for the next', () => {
  const numbers = [];
  const deliver = ({ number }) => numbers.push(number);
  outbox.open(deliver);
  outbox.send({ kind: 'a' });
  outbox.send({ kind: 'b' });
  outbox.open(deliver, numbers[0] - 1);
  later(50);
  assert.equal(numbers.length, 1, 'the scene was made before the event was carried out');
  assert.ok(outbox.holds(({ kind }) => kind === 'a'));
  outbox.open(deliver, numbers[0]);
  later(50);
  assert.equal(numbers.length, 2);
  assert.ok(numbers[1] > numbers[0]);
  assert.ok(!outbox.holds(({ kind }) => kind === 'a'));
});

test('a poll without news is given up sooner than an event without an answer', () => {
  MOVES.open();
  outbox.send({ kind: 'poll' });
  later(1600);
  outbox.send({ kind: 'a' });
  later(3900);
  outbox.send({ kind: 'b' });
  later(50);
  assert.deepEqual(delivered, ['poll', 'a']);
});

test('a closed outbox delivers nothing', () => {
  MOVES.open();
  MOVES.runs();
  outbox.send({ kind: 'a' });
  outbox.close();
  MOVES.rests();
  outbox.send({ kind: 'b' });
  later(5000);
  assert.deepEqual(delivered, []);
});
