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

/** @returns {number[]} red, green and blue, 0 to 255 */
export function channels(color) {
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  pen.fillStyle = color;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/** The colour with an opacity of its own. */
export function fade(color, opacity) {
  return `rgba(${channels(color).join(', ')}, ${opacity})`;
}
