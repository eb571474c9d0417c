// The words of a slider's value.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { brief } from '../../../../../app/player/web/cards/slider.js';

test('a value is shown in four digits, and in more where it crowds against one', () => {
  assert.equal(brief(1.234567), '1.235');
  assert.equal(brief(0.98765432), '0.98765');
  assert.equal(brief(0.123456), '0.1235');
});
