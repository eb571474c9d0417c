// The types of marks, which app/figures/marks.py declares, and functions that find marks and moments.

/**
 * @typedef {ArrayLike<number>} Numbers
 *
 * @typedef {import('../core/records.js').Axis} Axis
 * @typedef {import('../core/records.js').Axes} Axes
 * @typedef {import('../core/records.js').Head} Head
 * @typedef {import('../core/records.js').Band} Band
 * @typedef {import('../core/records.js').Sign} Sign
 * @typedef {import('../core/records.js').Bars} Bars
 * @typedef {import('../core/records.js').Rule} Rule
 * @typedef {import('../core/records.js').Option} Option
 *
 * Marks whose arrays may have several forms, which the code below distinguishes.
 * @typedef {import('../core/records.js').Line & {y: any}} Line
 * @typedef {import('../core/records.js').Lines & {x: any}} Lines
 * @typedef {import('../core/records.js').Dots & {x: any, y: any}} Dots
 * @typedef {import('../core/records.js').Text & {x: any, y: any}} Text
 *
 * @typedef {{x: Float64Array, y: Float64Array, z: Float32Array[]}} Grid
 * @typedef {Omit<import('../core/records.js').Field, keyof Grid> & Grid} Field
 * @typedef {import('../core/records.js').Tiles} Tiles
 * @typedef {import('../core/records.js').Cells} Cells
 * @typedef {import('../core/records.js').Graph} Graph
 * @typedef {Line | Lines | Band | Dots | Sign | Text | Field | Tiles | Cells | Bars | Rule | Graph} AnyMark
 *
 * @typedef {Object} PanelFields
 * @property {string} id changes if anything in the panel changes
 * @property {string} ground changes if its axes or its marks of the layer "ground" change
 * @property {AnyMark[]} marks
 *
 * @typedef {Omit<import('../core/records.js').Panel, 'marks'> & PanelFields} Panel
 *
 * @typedef {Line['layer']} Layer
 * @typedef {Line['dash']} Dash
 * @typedef {[string, Numbers]} HoverRow
 * @typedef {[number, string][]} ColorScale shares and colours
 */

/**
 * The index of the last time at or before a position of the clock; -1 before the first time.
 * @param {Numbers} time ascending
 * @param {number} position
 */
export function indexAt(time, position) {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle] <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * The index of the moment that is drawn at a position of the clock. Moments are not interpolated.
 * @param {Numbers} time
 * @param {number} position
 */
export function momentAt(time, position) {
  return Math.max(0, indexAt(time, position));
}

/**
 * Whether the data of a mark are replaced at each moment, and not revealed point by point.
 * @param {AnyMark} mark
 */
export function isReplaced(mark) {
  if (mark.type === 'tiles' || mark.type === 'bars' || mark.type === 'graph') return true;
  if (mark.type === 'text') return mark.time !== null;
  if (mark.type === 'line') return mark.time !== null && isRows(mark.y);
  if (mark.type === 'dots') return mark.time !== null && (isRows(mark.x) || isRows(mark.y));
  return false;
}

/**
 * Whether data have a first axis of moments or of curves.
 * @param {any} values
 * @returns {values is Numbers[]}
 */
export function isRows(values) {
  return Array.isArray(values) && values.length > 0 && typeof values[0] === 'object';
}

/**
 * The numbers of a moment, or those of all moments if they do not change.
 * @param {any} values
 * @param {number} moment
 * @returns {Numbers}
 */
export function rowAt(values, moment) {
  return isRows(values) ? values[moment] : values;
}

/**
 * The line of a racer that shows its path or its losses, if the panel has one.
 * @param {Panel | undefined} panel
 * @param {'path' | 'loss'} what
 * @param {string} racer
 * @returns {Line | undefined}
 */
export function lineOf(panel, what, racer) {
  return panel?.marks.find(
    /** @returns {mark is Line} */ (mark) => mark.type === 'line' && mark.follows === what && mark.racer === racer,
  );
}

/**
 * The field of a panel, if it has one.
 * @param {{marks: AnyMark[]} | undefined} panel
 * @returns {Field | undefined}
 */
export function fieldOf(panel) {
  return panel?.marks.find(/** @returns {mark is Field} */ (mark) => mark.type === 'field');
}

/**
 * The handle of the start, if a panel has one.
 * @param {Panel | undefined} panel
 * @returns {Sign | undefined}
 */
export function handleOf(panel) {
  return panel?.marks.find(/** @returns {mark is Sign} */ (mark) => mark.type === 'sign' && mark.handle);
}
