// Decodes the envelope of bytes that a scene arrives in. Its form is described in app/player/scene.py.

/**
 * The records are declared in app/player/scene.py; what the browser adds to them stands here.
 *
 * @typedef {import('./records.js').Slider} Slider
 * @typedef {import('./records.js').Relief} Relief
 * @typedef {import('./records.js').Clock} Clock
 * @typedef {import('../drawing/marks.js').Panel} Panel
 *
 * @typedef {Object} CardFields
 * @property {number} pace what the clock counts for a step
 * @property {boolean} [second] whether the card belongs to the race beside
 *
 * @typedef {import('./records.js').Card & CardFields & {other?: Card}} Card `other` is the card of the same racer in the
 *   race beside
 *
 * @typedef {Object} Colors
 * @property {string} contour_line
 * @property {string} ink
 * @property {string} muted
 * @property {string} paper
 * @property {string} grid
 *
 * @typedef {Object} StyleFields
 * @property {'light' | 'dark'} theme
 * @property {import('../drawing/strokes.js').Strokes} strokes
 * @property {import('./scale.js').Scale} [scale] how large text and lines are, where they are not of the usual size
 *
 * @typedef {Colors & StyleFields} Style
 *
 * @typedef {Object} SceneFields
 * @property {Panel[]} panels
 * @property {Card[]} cards
 * @property {any} inspected what explains the steps of a racer
 * @property {{light: Style, dark: Style}} styles
 * @property {string} refusal why the last change was refused, or an empty text
 * @property {boolean} again whether another scene follows without being requested
 * @property {Set<string>} exchanged racers that show another run while something is dragged
 * @property {boolean} [still] whether a click on the map does not move the start now
 * @property {boolean} [untold] whether the future is hidden, even where it would be pale
 *
 * @typedef {Omit<import('./records.js').Scene, keyof SceneFields | 'beside'>} SceneRecord
 * @typedef {SceneRecord & SceneFields & {beside: Scene | null}} Scene
 *
 * @typedef {Object} Runs runs that may stand in the place of those of a scene
 * @property {Float32Array[]} positions one array a run: x, y, x, y, …
 * @property {Float64Array[]} losses
 * @property {Int32Array} steps which steps those are
 * @property {(Partial<Card> & {leaves: number, last: number})[]} told what a card says of each, and where its lines end
 * @property {Float64Array} values of the slider, if it is a slider that is dragged
 *
 * @typedef {{shape: number[], flat: any}} Entry
 * @typedef {Record<string, Record<string, any>>} Defaults
 */

const KINDS = /** @type {Record<string, any>} */ ({
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
});

/**
 * @param {Uint8Array} bytes
 * @returns {Scene}
 */
export function decode(bytes) {
  const { header, arrays } = open(bytes);
  const extras = {
    ...{ refusal: header.refusal, again: header.again },
    styles: { light: styleOf(header.strokes, 'light'), dark: styleOf(header.strokes, 'dark') },
  };
  const scene = completed(revive(header.scene, arrays, header.defaults), extras);
  if (!scene.beside) return scene;
  completed(scene.beside, extras);
  for (const [k, card] of scene.cards.entries()) {
    const other = scene.beside.cards[k];
    card.other = other;
    other.other = card;
    other.second = true;
  }
  return scene;
}

/**
 * @param {import('../drawing/strokes.js').Strokes} strokes
 * @param {'light' | 'dark'} theme
 * @returns {Style}
 */
function styleOf(strokes, theme) {
  return { .../** @type {any} */ (strokes.themes[theme]), theme, strokes };
}

/**
 * A scene with what follows from its records, and what came beside them.
 * @param {any} scene
 * @param {object} extras
 * @returns {Scene}
 */
function completed(scene, extras) {
  for (const card of scene.cards) card.pace = scene.clock.counts === 'evaluations' ? card.cost : 1;
  return Object.assign(scene, extras, { exchanged: new Set() });
}

/**
 * The panels that can be exchanged for others, in their order.
 * @param {Scene} scene
 */
export function slotsOf(scene) {
  return scene.panels.filter(({ choices }) => choices.length);
}

/**
 * The panel of a key, if a scene has it.
 * @param {Scene} scene
 * @param {string} key
 */
export function panelOf(scene, key) {
  return scene.panels.find((panel) => panel.key === key);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Runs}
 */
export function decodeRuns(bytes) {
  const { header, arrays } = open(bytes);
  const count = arrays[header.steps.array].flat.length;
  return {
    .../** @type {any} */ (revive({ steps: header.steps, values: header.values, told: header.told }, arrays, {})),
    positions: rows(arrays[header.positions.array].flat, 2 * count),
    losses: rows(arrays[header.losses.array].flat, count),
  };
}

/**
 * The header, and the arrays that it refers to.
 * @param {Uint8Array} bytes
 * @returns {{header: any, arrays: Entry[]}}
 */
function open(bytes) {
  // Bytes arrive at any offset of a larger buffer; typed arrays need theirs aligned.
  const buffer = bytes.slice().buffer;
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const blobs = 4 + length + ((8 - ((4 + length) % 8)) % 8);
  const arrays = header.arrays.map((/** @type {{dtype: string, shape: number[], offset: number}} */ entry) => {
    const size = entry.shape.reduce((product, n) => product * n, 1);
    return { shape: entry.shape, flat: new KINDS[entry.dtype](buffer, blobs + entry.offset, size) };
  });
  return { header, arrays };
}

/**
 * Replaces each reference by its array, and gives each record the fields that were left out.
 * @param {any} value
 * @param {Entry[]} arrays
 * @param {Defaults} defaults
 * @returns {any}
 */
function revive(value, arrays, defaults) {
  if (Array.isArray(value)) return value.map((item) => revive(item, arrays, defaults));
  if (value === null || typeof value !== 'object') return value;
  const names = Object.keys(value);
  if (names.length === 1 && typeof value.array === 'number') {
    const { shape, flat } = arrays[value.array];
    return nested(flat, shape);
  }
  if (names.length === 1 && Array.isArray(value.range)) return progression(value.range);
  /** @type {Record<string, any>} */
  const revived = { ...defaults[value.type] };
  for (const name of names) revived[name] = revive(value[name], arrays, defaults);
  return revived;
}

/**
 * An array of one axis flat, one of more axes as an array of those along the first.
 * @param {any} flat
 * @param {number[]} shape
 * @returns {any}
 */
function nested(flat, shape) {
  if (shape.length < 2) return flat;
  const [count, ...rest] = shape;
  const width = count ? flat.length / count : 0;
  return Array.from({ length: count }, (_, k) => nested(flat.subarray(k * width, (k + 1) * width), rest));
}

/** @param {[number, number, number]} range start, step and count */
function progression([start, step, count]) {
  return Float64Array.from({ length: count }, (_, k) => start + k * step);
}

/**
 * @template {Float32Array | Float64Array} T
 * @param {T} flat
 * @param {number} width
 * @returns {T[]}
 */
function rows(flat, width) {
  const count = width ? flat.length / width : 0;
  return Array.from({ length: count }, (_, k) => /** @type {T} */ (flat.subarray(k * width, (k + 1) * width)));
}
