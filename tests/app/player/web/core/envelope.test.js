// The envelope, written here after the description of the format alone: length, header in JSON, aligned arrays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode, decodeRuns, panelOf, slotsOf } from '../../../../../app/player/web/core/envelope.js';

const DTYPES = {
  Float32Array: 'f4',
  Float64Array: 'f8',
  Int8Array: 'i1',
  Int16Array: 'i2',
  Int32Array: 'i4',
  Uint8Array: 'u1',
  Uint16Array: 'u2',
  Uint32Array: 'u4',
};

/** The bytes of a header and its arrays, `shift` bytes into a larger buffer, as a network hands them out. */
function envelope(header, arrays, shift = 0) {
  let size = 0;
  const entries = arrays.map(({ flat, shape }) => {
    const offset = Math.ceil(size / 8) * 8;
    size = offset + flat.byteLength;
    return { dtype: DTYPES[flat.constructor.name], shape, offset };
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: entries }));
  const blobs = Math.ceil((4 + text.length) / 8) * 8;
  const bytes = new Uint8Array(shift + blobs + size).subarray(shift);
  new DataView(bytes.buffer).setUint32(shift, text.length, true);
  bytes.set(text, 4);
  arrays.forEach(({ flat }, k) => bytes.set(new Uint8Array(flat.buffer), blobs + entries[k].offset));
  return bytes;
}

const STROKES = { themes: { light: { ink: '#111111' }, dark: { ink: '#eeeeee' } } };
const DEFAULTS = { card: { hidden: false, cost: 1 }, line: { dash: 'solid' }, scene: { beside: null, linked: true } };

/** A scene of two racers; the second makes a step with two evaluations. */
function race(more = {}) {
  const cards = [
    { type: 'card', id: 'a' },
    { type: 'card', id: 'b', cost: 2, hidden: true },
  ];
  const panels = [
    { key: 'map', choices: [], marks: [{ type: 'line', x: { array: 0 }, y: { array: 1 } }] },
    { key: 'slot', choices: [['rates', 'Rates']], marks: [] },
  ];
  return { type: 'scene', cards, panels, clock: { end: 2, counts: 'steps' }, ...more };
}

const ARRAYS = [
  { flat: Float32Array.of(0, 1, 2), shape: [3] },
  { flat: Float64Array.of(3, 2, 1, 30, 20, 10), shape: [2, 3] },
];

function sent(scene, arrays = ARRAYS, shift = 0) {
  return envelope({ scene, refusal: 'no', again: true, strokes: STROKES, defaults: DEFAULTS }, arrays, shift);
}

for (const shift of [0, 1, 5]) {
  test(`a scene comes out as it went in, ${shift} bytes into a buffer`, () => {
    const scene = decode(sent(race({ caption: 'β = 0.9' }), ARRAYS, shift));
    const [line] = scene.panels[0].marks;
    assert.equal(scene.caption, 'β = 0.9');
    assert.deepEqual([scene.refusal, scene.again], ['no', true]);
    assert.deepEqual([line.x.constructor, [...line.x]], [Float32Array, [0, 1, 2]]);
    assert.deepEqual(
      line.y.map((row) => [...row]),
      [
        [3, 2, 1],
        [30, 20, 10],
      ],
    );
  });
}

test('fields that were left out have their defaults', () => {
  const { cards, panels, linked } = decode(sent(race()));
  assert.deepEqual(
    cards.map(({ hidden, cost }) => [hidden, cost]),
    [
      [false, 1],
      [true, 2],
    ],
  );
  assert.deepEqual([panels[0].marks[0].dash, linked], ['solid', true]);
});

test('what the clock counts sets the pace of the racers', () => {
  for (const [counts, paces] of [
    ['steps', [1, 1]],
    ['evaluations', [1, 2]],
  ]) {
    const { cards } = decode(sent(race({ clock: { end: 2, counts } })));
    assert.deepEqual(
      cards.map(({ pace }) => pace),
      paces,
    );
  }
});

test('each theme has a style with its colors', () => {
  const { light, dark } = decode(sent(race())).styles;
  assert.deepEqual([light.theme, light.ink, dark.theme, dark.ink], ['light', '#111111', 'dark', '#eeeeee']);
});

test('the cards of two races know each other', () => {
  const scene = decode(sent(race({ beside: race() })));
  assert.equal(scene.cards[1].other, scene.beside.cards[1]);
  assert.equal(scene.beside.cards[1].other, scene.cards[1]);
  assert.deepEqual([scene.cards[1].second, scene.beside.cards[1].second], [undefined, true]);
  assert.equal(scene.beside.styles, scene.styles);
});

test('panels are found by their keys, and those that can be exchanged by their choices', () => {
  const scene = decode(sent(race()));
  assert.equal(panelOf(scene, 'map'), scene.panels[0]);
  assert.equal(panelOf(scene, 'loss'), undefined);
  assert.deepEqual(slotsOf(scene), [scene.panels[1]]);
});

test('references are replaced wherever they stand, by nested rows for each further axis', () => {
  for (const [name, dtype] of Object.entries(DTYPES)) {
    const flat = globalThis[name].of(1, 2, 3, 4, 5, 6, 7, 8);
    const references = { cube: { array: 0 }, rows: [{ array: 1 }], flat: { array: 2 }, array: 'no reference' };
    const arrays = [
      { flat, shape: [2, 2, 2] },
      { flat, shape: [4, 2] },
      { flat, shape: [8] },
    ];
    const found = decode(sent(race({ panels: [], inspected: references }), arrays)).inspected;
    assert.equal(found.array, 'no reference');
    assert.deepEqual([...found.cube[1][0]], [5, 6], dtype);
    assert.deepEqual([...found.rows[0][3]], [7, 8], dtype);
    assert.deepEqual([found.flat.constructor.name, [...found.flat]], [name, [...flat]]);
  }
});

test('a progression is spelled by its start, step and count', () => {
  const { inspected } = decode(sent(race({ inspected: { time: { range: [5, 2.5, 4] } } })));
  assert.deepEqual([...inspected.time], [5, 7.5, 10, 12.5]);
});

test('runs come with the steps that they hold', () => {
  const header = { positions: { array: 0 }, losses: { array: 1 }, steps: { array: 2 }, values: { array: 3 } };
  const statuses = [{ status: 'converged' }, { status: 'moving' }];
  const runs = decodeRuns(
    envelope({ ...header, statuses }, [
      { flat: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), shape: [2, 3, 2] },
      { flat: Float64Array.of(3, 2, 1, 30, 20, 10), shape: [2, 3] },
      { flat: Int32Array.of(0, 10, 20), shape: [3] },
      { flat: Float64Array.of(0.1, 0.2), shape: [2] },
    ]),
  );
  assert.deepEqual([...runs.steps], [0, 10, 20]);
  assert.deepEqual([...runs.values], [0.1, 0.2]);
  assert.deepEqual([...runs.positions[1]], [6, 7, 8, 9, 10, 11]);
  assert.deepEqual([...runs.losses[0]], [3, 2, 1]);
  assert.deepEqual(runs.statuses, statuses);
});
