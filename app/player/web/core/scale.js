// How large text and lines are drawn: as usual, or larger for a room full of people. The scale comes with the style
// that every panel is handed, so that one page can draw both, and a saved picture, which takes a style without one,
// is as always.

/**
 * @typedef {Object} Scale
 * @property {number} text how many times as large letters are, and with them all room that is left for letters
 * @property {number} line how many times as wide lines, heads and dots are
 */

/** For a class: text by half, lines by a third. */
export const CLASS = { text: 3 / 2, line: 4 / 3 };

/** A size of letters, or of room for them, in the scale of a style. */
export function letters(style, size) {
  return size * (style.scale?.text ?? 1);
}

/** A width of a line or a dot in the scale of a style. */
export function thick(style, width) {
  return width * (style.scale?.line ?? 1);
}

const FONTS = ['font', 'tickfont', 'textfont', 'labelfont'];
/** Numbers of plotly's, in pixels, that go with letters; `len` and `thickness` are those of a colour bar. */
const ROOM = ['ticklen', 'standoff', 'len', 'thickness', 'xpad', 'ypad', 'xshift', 'yshift', 'borderpad'];

/**
 * A plotly figure, or any part of it, in the scale of a style.
 * @param {any} part
 * @param {import('./envelope.js').Style} style
 * @param {string} [inside] the name under which the part stands
 */
export function scaled(part, style, inside = '') {
  if (!style.scale || part === null || typeof part !== 'object' || ArrayBuffer.isView(part)) return part;
  if (Array.isArray(part)) {
    const objects = part.some((item) => item !== null && typeof item === 'object');
    return objects ? part.map((item) => scaled(item, style, inside)) : part;
  }
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, one(value, name, inside, style)]));
}

function one(value, name, inside, style) {
  if (typeof value !== 'number') return scaled(value, style, name);
  if (inside === 'margin' || ROOM.includes(name)) return letters(style, value);
  if (name === 'size' && FONTS.includes(inside)) return letters(style, value);
  if ((name === 'size' && inside === 'marker') || (name === 'width' && inside === 'line')) return thick(style, value);
  return value;
}
