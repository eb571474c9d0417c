import assert from 'node:assert/strict';
import test from 'node:test';

import { plotlySymbol, traceSymbol } from '../../../../../app/player/web/drawing/symbols.js';

const SIGNS = ['cross', 'plus', 'asterisk', 'triangle-open', 'star-open', 'diamond-open', 'circle-open'];

/**
 * The corners of a symbol, as a canvas receives them.
 * @param {string} symbol
 */
function cornersOf(symbol) {
  /** @type {string[]} */
  const corners = [];
  const round = (/** @type {number} */ value) => Math.round(100 * value) + 0;
  const put = (/** @type {number} */ x, /** @type {number} */ y) => void corners.push(`${round(x)}, ${round(y)}`);
  const context = /** @type {any} */ ({ moveTo: put, lineTo: put, arc() {} });
  traceSymbol(context, symbol, 0, 0, 1);
  return new Set(corners);
}

test('a minimum at a kink is a star of five tips, and a maximum a triangle', () => {
  const radii = [...cornersOf('star-open')].map((corner) => Math.hypot(...corner.split(', ').map(Number)));
  assert.equal(radii.length, 10);
  assert.ok(radii.every((radius, k) => (k % 2 ? radius < 60 : radius > 120)));
  assert.equal(cornersOf('triangle-open').size, 3);
  assert.equal(plotlySymbol('star-open'), 'star-open');
  assert.ok(!SIGNS.some((symbol) => plotlySymbol(symbol).startsWith('star-triangle')));
});

test('no two kinds of points have the same sign', () => {
  assert.equal(new Set(SIGNS.map(plotlySymbol)).size, SIGNS.length);
  assert.equal(new Set(SIGNS.map((symbol) => [...cornersOf(symbol)].sort().join('; '))).size, SIGNS.length);
});
