// Decodes the envelope of bytes that a scene arrives in.

import { paced } from './pace.js';

/**
 * @typedef {Object} Slider
 * @property {string} name
 * @property {string} symbol
 * @property {string} label
 * @property {number} value
 * @property {Float64Array} stops the values that it is dragged to, ascending
 * @property {string} sweep names the runs at the stops: as long as it stays, so do they
 *
 * @typedef {Object} Card
 * @property {string} id
 * @property {string} title
 * @property {string} color
 * @property {'solid' | 'dash' | 'dot' | 'dashdot'} dash
 * @property {'circle' | 'square' | 'diamond' | 'triangle-up'} shape
 * @property {boolean} hidden
 * @property {string} status
 * @property {string} why
 * @property {boolean} gone
 * @property {number} last index of the last loss
 * @property {number} leaves index of the last point that the map draws
 * @property {number} settled step from which the status holds
 * @property {number} cost gradient evaluations of a step
 * @property {number} pace what the clock counts for a step
 * @property {Slider[]} sliders
 * @property {Card} [other] the card of the same racer in the race beside
 * @property {boolean} [second] whether the card belongs to the race beside
 *
 * @typedef {Object} Style
 * @property {[number, string][]} colorscale
 * @property {string} contour_line
 * @property {string} ink
 * @property {string} muted
 * @property {string} paper
 * @property {string} grid
 * @property {import('./scale.js').Scale} [scale] how large text and lines are, where not as usual
 *
 * @typedef {Object} Scene
 * @property {{data: object[], layout: object}} map
 * @property {string} map_id
 * @property {{data: object[], layout: object, ranges: Record<string, number[]>, titles: Record<string, string>}} curve
 * @property {string} curve_id
 * @property {{light: Style, dark: Style}} styles
 * @property {Card[]} cards
 * @property {Float32Array[]} positions one array a racer: x, y, x, y, …
 * @property {Float64Array[]} losses one array a racer
 * @property {number} steps
 * @property {'steps' | 'evaluations'} axis what the clock counts
 * @property {number} length where the clock ends
 * @property {Scene} [beside] another race of the same racers
 * @property {boolean} linked whether that has the same values
 * @property {object} [bundle] further seeds of every racer, by its id
 * @property {[number, number]} start
 * @property {[[number, number], [number, number]]} window
 * @property {[string, string][]} choices
 * @property {string} caption
 * @property {string} description
 * @property {string} refusal why the last change was refused, or nothing
 * @property {boolean} again whether another scene follows without being asked for
 * @property {boolean} [still] a click on the map does not move the start now
 * @property {boolean} [untold] what is to come may not be shown, not even pale
 */

const KINDS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
};

/**
 * @param {Uint8Array} bytes
 * @returns {Scene}
 */
export function decode(bytes) {
  const { header, arrays } = open(bytes);
  const { beside, ...own } = header;
  const scene = sceneOf(own, arrays);
  if (!beside) return scene;
  scene.beside = sceneOf(beside, arrays);
  scene.length = scene.beside.length = Math.max(scene.length, scene.beside.length);
  scene.cards.forEach((card, k) => {
    card.other = scene.beside.cards[k];
    Object.assign(scene.beside.cards[k], { other: card, second: true });
  });
  return scene;
}

function sceneOf(header, arrays) {
  const scene = revive(header, arrays);
  const [, entries] = arrays[header.positions.array].shape;
  scene.steps = Math.max(0, entries - 1);
  scene.positions = rows(arrays[header.positions.array].flat, entries * 2);
  scene.losses = rows(arrays[header.losses.array].flat, entries);
  for (const card of scene.cards) {
    card.last = card.last < 0 ? scene.steps : Math.min(card.last, scene.steps);
    card.leaves = card.leaves < 0 ? card.last : Math.min(card.leaves, card.last);
  }
  return paced(scene);
}

/**
 * @typedef {Object} Slot
 * @property {string} key
 * @property {string} id changes with the panel
 * @property {string} title
 * @property {[string, string][]} choices
 * @property {object} panel
 *
 * @typedef {Object} BoardScene
 * @property {Slot[]} slots
 * @property {{light: Style, dark: Style}} styles
 * @property {Card[]} cards
 * @property {number} steps
 * @property {boolean} busy whether there will be news without anybody doing a thing
 * @property {[string, string][]} choices
 * @property {string} caption
 * @property {string} description
 * @property {string} refusal
 * @property {boolean} again
 */

/**
 * @param {Uint8Array} bytes
 * @returns {BoardScene}
 */
export function decodeBoard(bytes) {
  const { header, arrays } = open(bytes);
  return revive(header, arrays);
}

/**
 * @typedef {Object} Runs runs that may stand in the place of those of a scene
 * @property {Float32Array[]} positions one array a run: x, y, x, y, …
 * @property {Float64Array[]} losses
 * @property {Int32Array} steps which steps those are
 * @property {Partial<Card>[]} told what a card says of each
 * @property {Float64Array} values of the slider, if it is a slider that is dragged
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Runs}
 */
export function decodeRuns(bytes) {
  const { header, arrays } = open(bytes);
  const count = arrays[header.steps.array].flat.length;
  return {
    ...revive({ steps: header.steps, values: header.values, told: header.told }, arrays),
    positions: rows(arrays[header.positions.array].flat, 2 * count),
    losses: rows(arrays[header.losses.array].flat, count),
  };
}

/** The header, and the arrays that it refers to. */
function open(bytes) {
  // Bytes arrive at any offset of a larger buffer; typed arrays need theirs aligned.
  const buffer = bytes.slice().buffer;
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const blobs = 4 + length + ((8 - ((4 + length) % 8)) % 8);

  const arrays = header.arrays.map(({ dtype, shape, offset }) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return { shape, flat: new KINDS[dtype](buffer, blobs + offset, size) };
  });
  return { header, arrays };
}

/** Replaces each reference by its array: flat for one axis, an array of rows for two. */
function revive(value, arrays) {
  if (Array.isArray(value)) return value.map((item) => revive(item, arrays));
  if (value === null || typeof value !== 'object') return value;
  if (typeof value.array === 'number' && Object.keys(value).length === 1) {
    const { shape, flat } = arrays[value.array];
    return shape.length < 2 ? flat : rows(flat, flat.length / shape[0]);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item, arrays)]));
}

function rows(flat, width) {
  const count = width ? flat.length / width : 0;
  return Array.from({ length: count }, (_, k) => flat.subarray(k * width, (k + 1) * width));
}
