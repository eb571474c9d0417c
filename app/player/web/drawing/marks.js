// The marks that a picture is made of, as app/figures/marks.py declares them, and where the clock is on their time.

/**
 * @typedef {ArrayLike<number>} Numbers
 *
 * @typedef {Object} Axis
 * @property {number} low
 * @property {number} high
 * @property {'linear' | 'log'} scale
 * @property {string} title
 * @property {boolean} percent
 * @property {boolean} whole
 * @property {boolean} grid
 * @property {boolean} numbers
 * @property {number[]} ticks
 * @property {[number, number] | null} limits
 * @property {Axis[]} alternatives
 *
 * @typedef {Object} Axes
 * @property {Axis} x
 * @property {Axis} y
 * @property {[number, number, number, number]} place left, bottom, right and top, in shares of the panel
 * @property {boolean} equal
 * @property {string} title
 * @property {string} color
 * @property {string} racer
 *
 * @typedef {'ground' | 'under' | 'trail' | 'over'} Layer
 * @typedef {'solid' | 'dash' | 'dot' | 'dashdot'} Dash
 * @typedef {[string, Numbers]} HoverRow
 *
 * @typedef {Object} Common
 * @property {number} axes
 * @property {string} racer
 * @property {Layer} layer
 *
 * @typedef {Object} Head
 * @property {string} symbol
 * @property {'absent' | 'arrow' | 'upward arrow'} outside
 * @property {string} label
 * @property {string} ending
 * @property {number} ended
 *
 * @typedef {Object} LineFields
 * @property {'line'} type
 * @property {Numbers} x
 * @property {any} y one row of numbers, or a row for each moment
 * @property {string} color
 * @property {Numbers | null} time
 * @property {Dash} dash
 * @property {'trail' | 'curve' | 'thin' | 'hair'} weight
 * @property {'absent' | 'pale'} future
 * @property {boolean} jumps
 * @property {boolean} casing
 * @property {boolean} dots
 * @property {Head | null} head
 * @property {string} name
 * @property {HoverRow[]} hover
 * @property {Numbers | null} heights
 * @property {'' | 'path' | 'loss'} follows
 * @typedef {Common & LineFields} Line
 *
 * @typedef {Object} LinesFields
 * @property {'lines'} type
 * @property {any} x one row for all, or a row for each line
 * @property {Numbers[]} y
 * @property {string} color
 * @property {Numbers | null} time
 * @property {'absent' | 'pale'} future
 * @typedef {Common & LinesFields} Lines
 *
 * @typedef {Object} BandFields
 * @property {'band'} type
 * @property {Numbers} x
 * @property {Numbers} low
 * @property {Numbers} high
 * @property {string} color
 * @property {Numbers | null} time
 * @typedef {Common & BandFields} Band
 *
 * @typedef {Object} DotsFields
 * @property {'dots'} type
 * @property {any} x one row, or a row for each moment
 * @property {any} y
 * @property {string} color
 * @property {Numbers | null} time
 * @property {'absent' | 'pale'} future
 * @property {string} symbol
 * @property {'tiny' | 'small' | 'normal' | 'large'} size
 * @property {boolean} faint
 * @property {string} edge
 * @property {Numbers | null} colors
 * @property {string[]} palette
 * @property {Numbers | null} shares
 * @property {string} name
 * @property {HoverRow[]} hover
 * @typedef {Common & DotsFields} Dots
 *
 * @typedef {Object} SignFields
 * @property {'sign'} type
 * @property {Numbers} x
 * @property {Numbers} y
 * @property {string} symbol
 * @property {string} name
 * @property {boolean} handle
 * @typedef {Common & SignFields} Sign
 *
 * @typedef {Object} TextFields
 * @property {'text'} type
 * @property {any} x a number, or one for each moment
 * @property {any} y
 * @property {string[]} words
 * @property {Numbers | null} time
 * @property {string} side
 * @property {string} color
 * @property {boolean} within
 * @property {boolean} italic
 * @property {boolean} bold
 * @property {boolean} backing
 * @typedef {Common & TextFields} Text
 *
 * @typedef {[number, string][]} ColorScale shares and colours
 *
 * @typedef {Object} FieldFields
 * @property {'field'} type
 * @property {Float64Array} x
 * @property {Float64Array} y
 * @property {Float32Array[]} z
 * @property {number} low
 * @property {number} high
 * @property {number} step
 * @property {Record<string, ColorScale>} colors
 * @property {boolean} zero
 * @property {[number, string][]} ticks
 * @property {string} title
 * @property {string} corner
 * @typedef {Common & FieldFields} Field
 *
 * @typedef {Object} TilesFields
 * @property {'tiles'} type
 * @property {Numbers[][]} values rows from the top, for each moment
 * @property {Numbers} time
 * @property {string} color
 * @property {Numbers[][] | null} classes
 * @property {string[]} palette
 * @property {boolean} smooth
 * @property {boolean} numbers
 * @property {string[]} names
 * @property {Numbers | null} score
 * @typedef {Common & TilesFields} Tiles
 *
 * @typedef {Object} BarsFields
 * @property {'bars'} type
 * @property {Numbers[]} heights
 * @property {Numbers} time
 * @property {string} color
 * @property {string[]} captions
 * @typedef {Common & BarsFields} Bars
 *
 * @typedef {Object} RuleFields
 * @property {'rule'} type
 * @property {number} x
 * @property {boolean} clock
 * @property {Dash} dash
 * @property {string} color
 * @property {string} label
 * @typedef {Common & RuleFields} Rule
 *
 * @typedef {Line | Lines | Band | Dots | Sign | Text | Field | Tiles | Bars | Rule} AnyMark
 *
 * @typedef {Object} Option a choice that a panel offers beside its title
 * @property {string} name
 * @property {string} value
 * @property {[string, string][]} choices
 *
 * @typedef {Object} Panel
 * @property {string} key
 * @property {string} id changes with anything in it
 * @property {string} ground changes with its axes and its marks of the layer "ground"
 * @property {string} title
 * @property {Axes[]} axes
 * @property {AnyMark[]} marks
 * @property {{text: string, color: string}[]} note
 * @property {string} message
 * @property {Option | null} option
 * @property {[string, string][]} choices
 * @property {'places' | 'squares'} spread
 */

/**
 * The index of the last time at or before a position of the clock; -1 before the first.
 * @param {Numbers} time rising
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
 * The moment that is drawn at a position of the clock: nothing between two of them is known.
 * @param {Numbers} time
 * @param {number} position
 */
export function momentAt(time, position) {
  return Math.max(0, indexAt(time, position));
}

/**
 * Whether a mark's time replaces its data, and does not reveal them point by point.
 * @param {AnyMark} mark
 */
export function isReplaced(mark) {
  if (mark.type === 'tiles' || mark.type === 'bars') return true;
  if (mark.type === 'text') return mark.time !== null;
  if (mark.type === 'line') return mark.time !== null && isRows(mark.y);
  if (mark.type === 'dots') return mark.time !== null && (isRows(mark.x) || isRows(mark.y));
  return false;
}

/**
 * Whether data have a leading axis, of moments or of lines.
 * @param {any} values
 * @returns {values is Numbers[]}
 */
export function isRows(values) {
  return Array.isArray(values) && values.length > 0 && typeof values[0] === 'object';
}

/**
 * The numbers of a moment, or those that hold at any.
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
 * The field that is the ground of a panel, if it has one.
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
