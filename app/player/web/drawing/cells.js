// Draws grids of cells, and finds and names the cell at a place.

import { short } from '../core/digits.js';
import { channels } from '../core/theme.js';
import { penOf, pixelAt, valueAt } from './canvas.js';
import { inkOf } from './strokes.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./marks.js').Cells} Cells
 * @typedef {import('./strokes.js').Style} Style
 */

export class CellsDrawer {
  picture = document.createElement('canvas');
  /** The theme in whose colours the picture is drawn. */
  theme = '';
  /** @type {Box | undefined} */
  frame;

  /** @param {Cells} mark */
  constructor(mark) {
    this.mark = mark;
  }

  /** @param {Box} frame */
  measure(frame) {
    this.frame = frame;
  }

  /** Cells do not change with the clock. */
  moment() {
    return 0;
  }

  /** @param {import('./heads.js').Pen} pen */
  draw({ context, style }) {
    const { mark, frame } = this;
    if (!frame) throw new Error('a mark is drawn before it is measured');
    if (this.theme !== style.theme) this.fill(style);
    const [left, bottom, right, top] = mark.box;
    const [x, y] = [pixelAt(frame.x, left), pixelAt(frame.y, top)];
    context.imageSmoothingEnabled = false;
    context.drawImage(this.picture, x, y, pixelAt(frame.x, right) - x, pixelAt(frame.y, bottom) - y);
  }

  /**
   * Draws the picture, a pixel for each cell.
   * @param {Style} style
   */
  fill(style) {
    const { shades } = this.mark;
    this.theme = style.theme;
    this.picture.width = shades[0]?.length ?? 1;
    this.picture.height = shades.length || 1;
    const pen = penOf(this.picture);
    const image = pen.createImageData(this.picture.width, this.picture.height);
    const inks = this.mark.colors.map((color) => channels(inkOf(style, color)));
    fillCells(image.data, this.mark.shades, inks);
    pen.putImageData(image, 0, 0);
  }
}

/**
 * Fills an image with the colours of cells.
 * @param {Uint8ClampedArray} pixels red, green, blue and opacity of each, the highest row first
 * @param {Uint8Array[]} shades of each row, the lowest first
 * @param {number[][]} inks red, green and blue of each shade
 */
export function fillCells(pixels, shades, inks) {
  let k = 0;
  for (let row = shades.length - 1; row >= 0; row--) {
    for (const shade of shades[row]) {
      if (shade) {
        const [red, green, blue] = inks[shade - 1];
        [pixels[k], pixels[k + 1], pixels[k + 2], pixels[k + 3]] = [red, green, blue, 255];
      }
      k += 4;
    }
  }
}

/**
 * The row and the column of the cell at a place in a frame, if there is one that is known.
 * @param {Cells} mark
 * @param {Box} frame
 * @param {number} left pixels from the left edge of the frame
 * @param {number} top
 * @returns {{row: number, column: number} | null}
 */
export function cellAt({ shades, box: [x0, y0, x1, y1] }, frame, left, top) {
  const column = Math.floor(((valueAt(frame.x, left) - x0) / (x1 - x0)) * (shades[0]?.length ?? 0));
  const row = Math.floor(((valueAt(frame.y, top) - y0) / (y1 - y0)) * shades.length);
  return shades[row]?.[column] ? { row, column } : null;
}

/**
 * The label of a cell, such as "η = 0.03, β = 0.9: 41 steps".
 * @param {Cells} mark
 * @param {number} row
 * @param {number} column
 */
export function labelOf({ names, x, y, shades, values, unit, words }, row, column) {
  const word = words.find(([shade]) => shade === shades[row][column])?.[1];
  const value = word ?? `${short(values[row][column], 5)} ${unit}`.trim();
  const places = [
    [names[0], x[column]],
    [names[1], y[row]],
  ].filter(([name]) => name);
  return `${places.map(([name, at]) => `${name} = ${short(Number(at), 8)}`).join(', ')}: ${value}`;
}
