import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stepAt, stepsAt, unitOf } from '../../../../../app/player/web/core/pace.js';

test('a racer whose step takes two ticks of the clock makes half as many steps', () => {
  assert.deepEqual(
    [1, 2].map((pace) => stepsAt({ pace }, 25)),
    [25, 12.5],
  );
  assert.deepEqual(
    [1, 2].map((pace) => stepAt({ pace }, 25)),
    [25, 12],
  );
});

test('the clock is named by what it counts', () => {
  assert.deepEqual(
    ['steps', 'evaluations', ''].map((counts) => unitOf({ clock: { counts, epoch: 0, unit: 'step' } })),
    ['step', 'evaluation', 'step'],
  );
  assert.equal(unitOf({ clock: { counts: '', epoch: 0, unit: 'member' } }), 'member');
  assert.equal(unitOf({ clock: { counts: '', epoch: 4, unit: 'step' } }), 'epoch');
});
