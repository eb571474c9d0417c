// The page's theme, read from the CSS variables that Streamlit sets for a component, and functions of colors.

/**
 * @typedef {Object} Theme
 * @property {boolean} dark
 * @property {string} background
 * @property {string} font
 * @property {string} key changes whenever the theme changes
 */

/**
 * @param {HTMLElement} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const values = getComputedStyle(element);
  const get = (/** @type {string} */ name) => values.getPropertyValue(`--st-${name}`).trim();
  const font = get('font') || values.fontFamily || 'sans-serif';
  const background = get('background-color') || '#ffffff';
  const dark = luminance(background) < 0.4;
  return { dark, font, background, key: [dark, font, background].join('|') };
}

/**
 * The relative luminance of a CSS color, from 0 to 1.
 * @param {string} color
 */
function luminance(color) {
  const [red, green, blue] = channels(color);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

/**
 * A racer's color as style sheets take it: the one that it has in the theme that is shown.
 * @param {string} color as on a light page, #rrggbb
 */
export function inkVariable(color) {
  return color.startsWith('#') ? `var(--ink-${color.slice(1)}, ${color})` : color;
}

/**
 * Gives these variables the colors of a theme, for an element and all that is in it.
 * @param {HTMLElement} element
 * @param {Record<string, string>} colors of the theme, by what they are on a light page
 */
export function setInks(element, colors) {
  for (const name of inks.get(element) ?? []) element.style.removeProperty(name);
  const entries = Object.entries(colors).filter(([color]) => color.startsWith('#'));
  for (const [color, ink] of entries) element.style.setProperty(`--ink-${color.slice(1)}`, ink);
  inks.set(
    element,
    entries.map(([color]) => `--ink-${color.slice(1)}`),
  );
}

/** The variables that an element has been given. @type {WeakMap<HTMLElement, string[]>} */
const inks = new WeakMap();

/** @type {Map<string, number[]>} */
const cache = new Map();

/**
 * Red, green and blue of a CSS color, from 0 to 255.
 * @param {string} color
 * @returns {number[]}
 */
export function channels(color) {
  const cached = cache.get(color) ?? parsedColor(color);
  cache.set(color, cached);
  return cached;
}

/**
 * The channels of a color as the browser paints it.
 * @param {string} color
 */
function parsedColor(color) {
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error('this browser has no canvas');
  pen.fillStyle = color;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/**
 * A color with an opacity.
 * @param {string} color
 * @param {number} opacity
 */
export function fade(color, opacity) {
  return `rgba(${channels(color).join(', ')}, ${opacity})`;
}

/**
 * The color at a position, from 0 to 1, of a color scale.
 * @param {[number, string][]} scale positions and their colors, #rrggbb
 * @param {number} share
 */
export function blend(scale, share) {
  const end = Math.max(
    1,
    scale.findIndex(([at]) => at >= share),
  );
  const [[from, first], [to, second]] = [scale[end - 1], scale[end]];
  const part = to > from ? (share - from) / (to - from) : 0;
  const digits = (/** @type {string} */ color, /** @type {number} */ k) =>
    Number.parseInt(color.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) => Math.round(digits(first, k) + part * (digits(second, k) - digits(first, k))));
  return `rgb(${mixed.join(', ')})`;
}
