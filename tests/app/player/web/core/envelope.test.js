// The envelope, written here after the description of the format alone: length, header in JSON, aligned arrays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode, decodeBoard, decodeRuns } from '../../../../../app/player/web/core/envelope.js';

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

const POSITIONS = { flat: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), shape: [2, 3, 2] };
const LOSSES = { flat: Float64Array.of(3, 2, 1, 30, 20, 10), shape: [2, 3] };

function race(more = {}) {
  const card = { last: -1, leaves: -1, cost: 1 };
  return {
    cards: [{ ...card }, { ...card, last: 1, leaves: 9, cost: 2 }],
    positions: { array: 0 },
    losses: { array: 1 },
    axis: 'steps',
    ...more,
  };
}

for (const shift of [0, 1, 5]) {
  test(`a scene comes out as it went in, ${shift} bytes into a buffer`, () => {
    const scene = decode(envelope(race({ caption: 'β = 0.9' }), [POSITIONS, LOSSES], shift));
    assert.equal(scene.caption, 'β = 0.9');
    assert.equal(scene.steps, 2);
    assert.deepEqual(
      scene.positions.map((run) => [...run]),
      [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10, 11],
      ],
    );
    assert.deepEqual(
      scene.losses.map((run) => [...run]),
      [
        [3, 2, 1],
        [30, 20, 10],
      ],
    );
  });
}

test('the last point of a run is that of its card, and no later than the race or the loss', () => {
  const { cards } = decode(envelope(race(), [POSITIONS, LOSSES]));
  assert.deepEqual(
    cards.map(({ last, leaves }) => [last, leaves]),
    [
      [2, 2],
      [1, 1],
    ],
  );
});

test('a clock of evaluations is as long as the dearest run', () => {
  const steps = decode(envelope(race(), [POSITIONS, LOSSES]));
  const evaluations = decode(envelope(race({ axis: 'evaluations' }), [POSITIONS, LOSSES]));
  assert.deepEqual([steps.length, evaluations.length], [2, 4]);
  assert.deepEqual(
    evaluations.cards.map(({ pace }) => pace),
    [1, 2],
  );
});

test('two races share a clock, and their cards know each other', () => {
  const scene = decode(envelope(race({ beside: race({ axis: 'evaluations' }) }), [POSITIONS, LOSSES]));
  assert.deepEqual([scene.length, scene.beside.length], [4, 4]);
  assert.equal(scene.cards[1].other, scene.beside.cards[1]);
  assert.equal(scene.beside.cards[1].other, scene.cards[1]);
});

test('references are replaced wherever they stand, with two axes by rows', () => {
  for (const [name, dtype] of Object.entries(DTYPES)) {
    const flat = globalThis[name].of(1, 2, 3, 4, 5, 6);
    const panel = { deep: [{ rows: { array: 0 }, flat: { array: 1 } }], array: 'no reference' };
    const bytes = envelope({ slots: [{ panel }] }, [
      { flat, shape: [3, 2] },
      { flat, shape: [6] },
    ]);
    const found = decodeBoard(bytes).slots[0].panel;
    assert.equal(found.array, 'no reference');
    assert.deepEqual(
      found.deep[0].rows.map((row) => [...row]),
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    );
    assert.deepEqual([found.deep[0].flat.constructor.name, [...found.deep[0].flat]], [name, [...flat]], dtype);
  }
});

test('runs come with the steps that they hold', () => {
  const header = { positions: { array: 0 }, losses: { array: 1 }, steps: { array: 2 }, values: { array: 3 } };
  const told = [{ status: 'converged' }, { status: 'moving' }];
  const runs = decodeRuns(
    envelope({ ...header, told }, [
      POSITIONS,
      LOSSES,
      { flat: Int32Array.of(0, 10, 20), shape: [3] },
      { flat: Float64Array.of(0.1, 0.2), shape: [2] },
    ]),
  );
  assert.deepEqual([...runs.steps], [0, 10, 20]);
  assert.deepEqual([...runs.values], [0.1, 0.2]);
  assert.deepEqual([...runs.positions[1]], [6, 7, 8, 9, 10, 11]);
  assert.deepEqual([...runs.losses[0]], [3, 2, 1]);
  assert.deepEqual(runs.told, told);
});

test('an empty race has no runs', () => {
  const scene = decode(
    envelope({ ...race(), cards: [] }, [
      { flat: new Float32Array(0), shape: [0, 0, 2] },
      { flat: new Float64Array(0), shape: [0, 0] },
    ]),
  );
  assert.deepEqual([scene.positions, scene.losses, scene.steps, scene.length], [[], [], 0, 0]);
});
