import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CLASS, letters, scaled, thick } from '../../../../../app/player/web/core/scale.js';

const FIGURE = {
  layout: { margin: { l: 40 }, font: { size: 12 }, width: 800, xaxis: { ticklen: 4, tickfont: { size: 10 } } },
  data: [{ x: Float64Array.of(1, 2), line: { width: 3 }, marker: { size: 6 }, opacity: 0.5 }],
};

test('without a scale a figure stays the same object', () => assert.equal(scaled(FIGURE, {}), FIGURE));

test('letters and their room grow by half, lines and dots by a third, and nothing else', () => {
  const { layout, data } = scaled(FIGURE, { scale: CLASS });
  assert.deepEqual(layout, {
    margin: { l: 60 },
    font: { size: 18 },
    width: 800,
    xaxis: { ticklen: 6, tickfont: { size: 15 } },
  });
  assert.deepEqual([data[0].line.width, data[0].marker.size, data[0].opacity], [4, 8, 0.5]);
  assert.equal(data[0].x, FIGURE.data[0].x);
});

test('sizes follow the scale of the style', () => {
  assert.deepEqual([letters({ scale: CLASS }, 10), thick({ scale: CLASS }, 3), letters({}, 10)], [15, 4, 10]);
});
