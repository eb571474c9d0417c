// Reads the table of widths, sizes, dashes and opacities that is sent with a scene, in the scale of a style.

import { letters, thick } from '../core/scale.js';

/**
 * @typedef {Object} Strokes the table of app/figures/strokes.py
 * @property {Record<string, number>} weights
 * @property {number} casing
 * @property {Record<string, number[]>} dashes
 * @property {Record<string, number>} pale
 * @property {Record<string, number>} step
 * @property {Record<string, [number, number]>} heads
 * @property {Record<string, [number, number]>} dots
 * @property {Record<string, [number, number]>} signs
 * @property {{width: number, opacity: number, aside: number}} edges
 * @property {Record<string, number>} contours
 * @property {Record<string, number>} opacities
 * @property {Record<string, number>} words
 * @property {Record<string, Record<string, string>>} themes
 *
 * @typedef {import('../core/envelope.js').Style} Style
 */

/**
 * The width of a line with a weight, in pixels.
 * @param {Style} style
 * @param {string} weight
 */
export function widthOf(style, weight) {
  return thick(style, style.strokes.weights[weight]);
}

/**
 * The size of letters in pixels.
 * @param {Style} style
 * @param {'title' | 'text' | 'label' | 'small'} name
 */
export function lettersOf(style, name) {
  return letters(style, style.strokes.words[name]);
}

/**
 * @param {Style} style
 * @param {string} name
 */
export function opacityOf(style, name) {
  return style.strokes.opacities[name];
}

/**
 * The opacity of the part of a mark after the clock.
 * @param {Style} style
 */
export function pallor(style) {
  return style.strokes.pale[style.theme];
}

/**
 * A dash pattern in pixels, empty for a solid line.
 * @param {Style} style
 * @param {string} name
 */
export function dashOf(style, name) {
  return style.strokes.dashes[name];
}

/**
 * A dash pattern in plotly's notation.
 * @param {Style} style
 * @param {string} name
 */
export function plotlyDash(style, name) {
  const dash = dashOf(style, name);
  return dash.length ? dash.map((length) => `${length}px`).join() : 'solid';
}

/**
 * The CSS colour of a word of the theme. Other colours are returned unchanged.
 * @param {Style} style
 * @param {string} color
 */
export function inkOf(style, color) {
  return style.strokes.themes[style.theme][color] ?? color;
}
