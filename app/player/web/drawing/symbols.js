// The outlines of symbols: filled heads, and open signs that consist of strokes.

/** A star with five tips. One with three could be mistaken for the triangle of a maximum. */
const STAR = Array.from({ length: 11 }, (_, k) => {
  const [angle, radius] = [(k * Math.PI) / 5 - Math.PI / 2, k % 2 ? 0.5 : 1.3];
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}).flat();

/** Each sign as polylines, in units of half its size. */
const STROKES = /** @type {Record<string, number[][]>} */ ({
  cross: [
    [-1, -1, 1, 1],
    [-1, 1, 1, -1],
  ],
  plus: [
    [-1, 0, 1, 0],
    [0, -1, 0, 1],
  ],
  asterisk: [
    [-1, 0, 1, 0],
    [0, -1, 0, 1],
    [-0.7, -0.7, 0.7, 0.7],
    [-0.7, 0.7, 0.7, -0.7],
  ],
  'triangle-open': [[-1, 0.58, 0, -1.15, 1, 0.58, -1, 0.58]],
  'star-open': [STAR],
  'diamond-open': [[-1.3, 0, 0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0]],
  'square-open': [[-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9, -0.9, -0.9]],
});

/** Plotly's names of the symbols. */
const PLOTLY = /** @type {Record<string, string>} */ ({
  cross: 'x-thin',
  plus: 'cross-thin',
  asterisk: 'asterisk-open',
  'triangle-open': 'triangle-up-open',
});

/** @param {string} symbol */
export function plotlySymbol(symbol) {
  return PLOTLY[symbol] ?? symbol;
}

/**
 * Whether a symbol is drawn with strokes only, and not filled.
 * @param {string} symbol
 */
export function isOpen(symbol) {
  return symbol in STROKES || symbol.endsWith('-open');
}

/**
 * Starts a path with the outline of a symbol. All heads have about the area of the circle.
 * @param {CanvasRenderingContext2D} context
 * @param {string} symbol
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
export function outline(context, symbol, x, y, radius) {
  context.beginPath();
  traceSymbol(context, symbol, x, y, radius);
}

/**
 * Adds the outline of a symbol to the current path.
 * @param {CanvasRenderingContext2D} context
 * @param {string} symbol
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
export function traceSymbol(context, symbol, x, y, radius) {
  const chains = STROKES[symbol];
  if (chains) {
    for (const [a, b, ...rest] of chains) {
      context.moveTo(x + radius * a, y + radius * b);
      for (let i = 0; i < rest.length; i += 2) context.lineTo(x + radius * rest[i], y + radius * rest[i + 1]);
    }
  } else if (symbol === 'square') {
    const half = radius * 0.9;
    context.rect(x - half, y - half, 2 * half, 2 * half);
  } else if (symbol === 'diamond') {
    polygon(context, x, y, radius * 1.3, 4, -Math.PI / 2);
  } else if (symbol === 'triangle-up') {
    polygon(context, x, y + radius * 0.15, radius * 1.35, 3, -Math.PI / 2);
  } else {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {number} corners
 * @param {number} turn
 */
function polygon(context, x, y, radius, corners, turn) {
  for (let k = 0; k < corners; k++) {
    const angle = turn + (2 * Math.PI * k) / corners;
    const at = /** @type {const} */ ([x + radius * Math.cos(angle), y + radius * Math.sin(angle)]);
    if (k) context.lineTo(...at);
    else context.moveTo(...at);
  }
  context.closePath();
}
