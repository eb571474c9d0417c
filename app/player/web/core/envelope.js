// Decodes the envelope of a scene. Its format is described in app/player/scene.py.

/**
 * The records are declared in app/player/scene.py. These types add the fields that exist only in the browser.
 *
 * @typedef {import('./records.js').Slider} Slider
 * @typedef {import('./records.js').Relief} Relief
 * @typedef {import('./records.js').Clock} Clock
 * @typedef {import('../drawing/marks.js').Panel} Panel
 *
 * @typedef {Object} CardFields
 * @property {number} pace the number by which the clock advances in a step
 * @property {boolean} [second] whether the card belongs to the second race
 *
 * @typedef {import('./records.js').Card & CardFields & {other?: Card}} Card `other` is the card of the same racer in the
 *   other race
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
 * @property {import('./scale.js').Scale} [scale] the scale of text and lines, if it is not 1
 *
 * @typedef {Colors & StyleFields} Style
 *
 * @typedef {Object} SceneFields
 * @property {Panel[]} panels
 * @property {Card[]} cards
 * @property {any} inspected the equations and numbers of the inspected racer
 * @property {{light: Style, dark: Style}} styles
 * @property {string} refusal the reason why the last change was refused, or an empty text
 * @property {boolean} again whether another scene follows without an event
 * @property {number} answered the number of the last event that was carried out before
 * @property {Set<string>} exchanged the racers that show another run while something is dragged
 * @property {boolean} [still] whether the start cannot be moved at the moment
 * @property {boolean} [untold] whether everything after the clock is hidden, even if it would be pale
 *
 * @typedef {Omit<import('./records.js').Scene, keyof SceneFields | 'beside'>} SceneRecord
 * @typedef {SceneRecord & SceneFields & {beside: Scene | null}} Scene
 *
 * @typedef {Object} Runs runs that replace those of a scene while something is dragged
 * @property {Float32Array[]} positions an array for each run: x, y, x, y, …
 * @property {Float64Array[]} losses
 * @property {Int32Array} steps the recorded steps
 * @property {(Partial<Card> & {leaves: number, last: number})[]} statuses the card's fields for each run, and the ends of its
 *   lines
 * @property {Float64Array} values the values of the slider, if a slider is dragged
 *
 * @typedef {Object} Grid the points of a ground and its heights there, a row for each y
 * @property {Float64Array} x
 * @property {Float64Array} y
 * @property {Float32Array[]} z
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
    ...{ refusal: header.refusal, again: header.again, answered: header.answered },
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
 * Adds the fields that exist only in the browser to a scene.
 * @param {any} scene
 * @param {object} extras
 * @returns {Scene}
 */
function completed(scene, extras) {
  for (const card of scene.cards) card.pace = scene.clock.counts === 'evaluations' ? card.cost : 1;
  return Object.assign(scene, extras, { exchanged: new Set() });
}

/**
 * The panels that can be exchanged for others, in order.
 * @param {Scene} scene
 */
export function slotsOf(scene) {
  return scene.panels.filter(({ choices }) => choices.length);
}

/**
 * The panel of a scene with a key, if there is one.
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
    .../** @type {any} */ (
      revive({ steps: header.steps, values: header.values, statuses: header.statuses }, arrays, {})
    ),
    positions: rows(arrays[header.positions.array].flat, 2 * count),
    losses: rows(arrays[header.losses.array].flat, count),
  };
}

/**
 * @param {Uint8Array} bytes
 * @returns {Grid}
 */
export function decodeGround(bytes) {
  const { header, arrays } = open(bytes);
  const { x, y, z } = header;
  return revive({ x, y, z }, arrays, {});
}

/**
 * The header of an envelope, and the arrays to which it refers.
 * @param {Uint8Array} bytes
 * @returns {{header: any, arrays: Entry[]}}
 */
function open(bytes) {
  // The bytes may begin at any offset of a larger buffer, but typed arrays must be aligned.
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
 * Replaces each reference by its array, and adds the fields with default values to each record.
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
 * An array with one axis as it is, and an array with several axes as nested arrays.
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
