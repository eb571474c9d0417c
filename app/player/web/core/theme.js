// The page's theme, read from the variables that Streamlit sets around a component.

/**
 * @typedef {Object} Theme
 * @property {boolean} dark
 * @property {string} key changes when anything of the theme does
 * @property {string} font
 */

/**
 * @param {HTMLElement} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const values = getComputedStyle(element);
  const get = (name) => values.getPropertyValue(`--st-${name}`).trim();
  const font = get('font') || values.fontFamily || 'sans-serif';
  const background = get('background-color') || '#ffffff';
  const dark = luminance(background) < 0.4;
  return { dark, font, background, key: [dark, font, background].join('|') };
}

/** Relative luminance of a CSS colour, 0 to 1. */
export function luminance(color) {
  const [red, green, blue] = channels(color);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

/** @type {Map<string, number[]>} */
const known = new Map();

/** @returns {number[]} red, green and blue, 0 to 255; each colour is asked of the browser once */
export function channels(color) {
  if (!known.has(color)) known.set(color, asked(color));
  return known.get(color);
}

function asked(color) {
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  pen.fillStyle = color;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/** The colour with an opacity of its own. */
export function fade(color, opacity) {
  return `rgba(${channels(color).join(', ')}, ${opacity})`;
}

/** The colour of a share (0 to 1) on a scale of [share, #rrggbb] pairs. */
export function blend(scale, share) {
  const end = Math.max(
    1,
    scale.findIndex(([at]) => at >= share),
  );
  const [[from, first], [to, second]] = [scale[end - 1], scale[end]];
  const part = to > from ? (share - from) / (to - from) : 0;
  const digits = (color, k) => Number.parseInt(color.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) => Math.round(digits(first, k) + part * (digits(second, k) - digits(first, k))));
  return `rgb(${mixed.join(', ')})`;
}
