import assert from 'node:assert/strict';
import { test } from 'node:test';

import { paced, stepAt, stepsAt, unitOf } from '../../../../../app/player/web/core/pace.js';

test('a racer whose step costs two evaluations makes half as many steps', () => {
  const { cards, length } = paced({ axis: 'evaluations', steps: 30, cards: [{ cost: 1 }, { cost: 2 }] });
  assert.equal(length, 60);
  assert.deepEqual(
    cards.map((card) => stepsAt(card, 25)),
    [25, 12.5],
  );
  assert.deepEqual(
    cards.map((card) => stepAt(card, 25)),
    [25, 12],
  );
});

test('a clock of steps takes every racer along at the same pace', () => {
  const scene = paced({ axis: 'steps', steps: 30, cards: [{ cost: 1 }, { cost: 2 }] });
  assert.deepEqual([scene.length, stepAt(scene.cards[1], 25)], [30, 25]);
});

test('the clock is named by what it counts', () => {
  assert.deepEqual(
    [unitOf({ axis: 'steps' }), unitOf({ axis: 'evaluations' }), unitOf({})],
    ['step', 'evaluation', 'step'],
  );
});
