// The scale of text and lines, which are larger in presentations. It is part of the style that every panel receives. A
// style without a scale draws at the usual size.

/**
 * @typedef {Object} Scale
 * @property {number} text the factor for the sizes of letters and the room that they need
 * @property {number} line the factor for the widths of lines, heads and dots
 *
 * @typedef {{scale?: Scale}} Scaled the part of a style that matters here
 */

/** The scale for a presentation. */
export const CLASS = { text: 3 / 2, line: 4 / 3 };

/**
 * The size of letters, or of the room that they need, in the scale of a style.
 * @param {Scaled} style
 * @param {number} size
 */
export function letters(style, size) {
  return size * (style.scale?.text ?? 1);
}

/**
 * The width of a line or a dot in the scale of a style.
 * @param {Scaled} style
 * @param {number} width
 */
export function thick(style, width) {
  return width * (style.scale?.line ?? 1);
}

const FONTS = ['font', 'tickfont', 'textfont', 'labelfont'];
/** The attributes of plotly that grow with letters; `len` and `thickness` belong to colour bars. */
const ROOM = ['ticklen', 'standoff', 'len', 'thickness', 'xpad', 'ypad', 'xshift', 'yshift', 'borderpad'];

/**
 * Converts a plotly figure, or a part of it, to the scale of a style.
 * @param {any} part
 * @param {Scaled} style
 * @param {string} [inside] the name of the attribute that contains the part
 * @returns {any}
 */
export function scaled(part, style, inside = '') {
  if (!style.scale || part === null || typeof part !== 'object' || ArrayBuffer.isView(part)) return part;
  if (Array.isArray(part)) {
    const objects = part.some((item) => item !== null && typeof item === 'object');
    return objects ? part.map((item) => scaled(item, style, inside)) : part;
  }
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, resized(value, name, inside, style)]));
}

/**
 * @param {any} value
 * @param {string} name
 * @param {string} inside
 * @param {Scaled} style
 */
function resized(value, name, inside, style) {
  if (typeof value !== 'number') return scaled(value, style, name);
  if (inside === 'margin' || ROOM.includes(name)) return letters(style, value);
  if (name === 'size' && FONTS.includes(inside)) return letters(style, value);
  if ((name === 'size' && inside === 'marker') || (name === 'width' && inside === 'line')) return thick(style, value);
  return value;
}
