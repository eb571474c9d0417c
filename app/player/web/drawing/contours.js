// Draws the ground of a panel, which is the bands and contours of a field, pixel by pixel. It follows the view, so that a
// part of the map is as sharp as the whole.

import { blend, channels } from '../core/theme.js';
import { letters, thick } from '../core/scale.js';
import { layer, place, valueAt, wipe } from './canvas.js';
import { resample, stepIn } from './resample.js';
import { lettersOf } from './strokes.js';

/**
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./marks.js').Field} Field
 * @typedef {import('./strokes.js').Style} Style
 */

/** Contours less than this many pixels apart fade, and those at half the distance are left out. */
const DENSE = 4;
/** The size of the colour bar and the distances around it, in pixels. */
const BAR = { wide: 200, tall: 6, gap: 3, away: 14, room: 10, middle: 14 };
/** The smallest width and height of axes that have room for a colour bar. */
const ROOMY = [240, 120];

export class Contours {
  /** Identifies the picture that is drawn. */
  drawn = '';

  /** @param {HTMLElement} host whose other children are drawn above the ground */
  constructor(host) {
    this.sheet = layer(host, 'ground');
    host.prepend(this.sheet.canvas);
  }

  /**
   * Draws the fields in their frames, unless the same picture is already there.
   * @param {{field: Field, frame: Box, bar: import('./placing.js').Room | null}[]} pieces
   * @param {string} key changes whenever a field changes
   * @param {Style} style
   * @param {string} font
   */
  draw(pieces, key, style, font) {
    const { devicePixelRatio: ratio } = window;
    const wanted = [
      key,
      ratio,
      style.scale?.text,
      style.theme,
      JSON.stringify(pieces.map(({ frame, bar }) => [frame, bar])),
    ].join();
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.sheet.canvas.hidden = !pieces.length;
    if (!pieces.length) return;
    const [left, top] = [
      Math.min(...pieces.map(({ frame }) => frame.left)),
      Math.min(...pieces.map(({ frame }) => frame.top)),
    ];
    place(this.sheet, {
      ...{ left, top },
      width: Math.max(...pieces.map(({ frame }) => frame.left + frame.width)) - left,
      height: Math.max(...pieces.map(({ frame }) => frame.top + frame.height)) - top,
    });
    wipe(this.sheet);
    for (const { field, frame, bar } of pieces) {
      const picture = pictureOf(field, frame, this.sheet.ratio, style);
      const { ratio: fine, context } = this.sheet;
      context.putImageData(picture, Math.round((frame.left - left) * fine), Math.round((frame.top - top) * fine));
      context.save();
      context.translate(frame.left - left, frame.top - top);
      if (bar) paintBar(context, field, bar, style, font);
      context.restore();
    }
  }
}

/**
 * Returns the picture of a field in a frame.
 * @param {Field} field
 * @param {Box} frame
 * @param {number} ratio device pixels per pixel of the page
 * @param {Style} style
 */
export function pictureOf(field, frame, ratio, style) {
  const [width, height] = [Math.max(1, Math.round(frame.width * ratio)), Math.max(1, Math.round(frame.height * ratio))];
  const xs = Float64Array.from({ length: width }, (_, i) => valueAt(frame.x, (i + 0.5) / ratio));
  const ys = Float64Array.from({ length: height }, (_, j) => valueAt(frame.y, (j + 0.5) / ratio));
  const heights = resample(field, xs, ys);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const between = stepIn(field, heights);
  const count = Math.max(1, Math.round((field.high - field.low) / between));
  const bands = bandsOf(field, count, style);
  const lines = lineOf(style.contour_line);
  const zero = lineOf(style.muted);
  const width0 = thick(style, style.strokes.contours.line) * ratio;
  const widthZero = thick(style, style.strokes.contours.zero) * ratio;
  for (let j = 0; j < height; j++) {
    const row = heights[j];
    const below = heights[Math.min(height - 1, j + 1)];
    const above = heights[Math.max(0, j - 1)];
    const step = Math.min(height - 1, j + 1) - Math.max(0, j - 1) || 1;
    for (let i = 0; i < width; i++) {
      const z = row[i];
      if (!(z - z === 0)) continue;
      const level = (z - field.low) / between;
      const band = level < 0 ? 0 : level >= count ? count - 1 : Math.floor(level);
      const [left, right] = [i ? i - 1 : 0, i < width - 1 ? i + 1 : i];
      const across = (row[right] - row[left]) / (right - left || 1);
      const slope = Math.hypot(across, (below[i] - above[i]) / step);
      let color = bands[band];
      const nearest = Math.round(level);
      if (slope > 0 && nearest > 0 && nearest <= count) {
        const apart = between / slope;
        const share = cover((Math.abs(level - nearest) * between) / slope, width0) * fading(apart, ratio);
        if (share > 0) color = mixed(color, lines, share);
      }
      if (field.zero && slope > 0) {
        const share = cover(Math.abs(z) / slope, widthZero);
        if (share > 0) color = mixed(color, zero, share);
      }
      pixels[j * width + i] = color;
    }
  }
  return image;
}

/**
 * Returns the colour of each band, packed into a pixel.
 * @param {Field} field
 * @param {number} count
 * @param {Style} style
 */
function bandsOf(field, count, style) {
  const scale = field.colors[style.theme];
  return Uint32Array.from({ length: count }, (_, k) => packed(channels(blend(scale, (k + 0.5) / count))));
}

/** @param {number[]} rgb */
function packed([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * Returns the colour and the opacity of a line.
 * @param {string} color
 */
function lineOf(color) {
  const alpha = /rgba\(.*,\s*([\d.]+)\)/.exec(color);
  return { rgb: channels(color.replace(/rgba\((.*),[^,]*\)/, 'rgb($1)')), alpha: alpha ? Number(alpha[1]) : 1 };
}

/**
 * Returns the share of a pixel that a line covers at a distance from its middle.
 * @param {number} distance
 * @param {number} width
 */
function cover(distance, width) {
  const share = width / 2 + 0.5 - distance;
  return share <= 0 ? 0 : Math.min(1, width, share);
}

/**
 * Returns the opacity of lines at a distance from each other.
 * @param {number} apart
 * @param {number} ratio
 */
function fading(apart, ratio) {
  return Math.min(1, Math.max(0, (2 * apart) / (DENSE * ratio) - 1));
}

/**
 * @param {number} color
 * @param {{rgb: number[], alpha: number}} line
 * @param {number} share
 */
function mixed(color, { rgb, alpha }, share) {
  const a = alpha * share;
  const [red, green, blue] = [color & 255, (color >> 8) & 255, (color >> 16) & 255];
  return (
    ((255 << 24) |
      (Math.round(blue + a * (rgb[2] - blue)) << 16) |
      (Math.round(green + a * (rgb[1] - green)) << 8) |
      Math.round(red + a * (rgb[0] - red))) >>>
    0
  );
}

/**
 * The box of the bar that explains the colours: in the field's corner, or in another one below or at the left that
 * covers fewer signs (the buttons of the map are at the upper right). Null where the axes have no room for a bar.
 * @param {Field} field
 * @param {Box} frame
 * @param {Style} style
 * @param {[number, number][]} signs their places in the frame
 * @returns {import('./placing.js').Room | null}
 */
export function barOf({ ticks, corner }, frame, style, signs) {
  if (!ticks.length || frame.width < letters(style, ROOMY[0]) || frame.height < letters(style, ROOMY[1])) return null;
  const [tall, gap, away, room] = [BAR.tall, BAR.gap, BAR.away, BAR.room].map((size) => letters(style, size));
  // in the middle of the edge stands the name of the axis
  const wide = Math.min(letters(style, BAR.wide), 0.5 * frame.width - away - room - letters(style, BAR.middle));
  const whole = 2 * lettersOf(style, 'small') + tall + 2 * gap;
  const boxes = [corner, 'bottom right', 'bottom left', 'top left'].map((one) => ({
    x: (one.includes('right') ? frame.width - wide - away : away) - room,
    y: (one.includes('bottom') ? frame.height - whole - gap : gap) - gap,
    width: wide + 2 * room,
    height: whole + 2 * gap,
  }));
  const covered = boxes.map(
    ({ x, y, width, height }) =>
      signs.filter(([left, top]) => left > x && left < x + width && top > y && top < y + height).length,
  );
  return boxes[covered.indexOf(Math.min(...covered))];
}

/**
 * Draws a thin bar that explains the colours. It belongs to the ground, so trails are drawn over it.
 * @param {CanvasRenderingContext2D} context
 * @param {Field} field
 * @param {import('./placing.js').Room} box
 * @param {Style} style
 * @param {string} font
 */
function paintBar(context, { ticks, title, low, high, colors }, box, style, font) {
  const small = lettersOf(style, 'small');
  const [tall, gap, room] = [BAR.tall, BAR.gap, BAR.room].map((size) => letters(style, size));
  const [left, top, wide] = [box.x + room, box.y + gap, box.width - 2 * room];
  context.globalAlpha = 0.6;
  context.fillStyle = style.paper;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
  const shades = context.createLinearGradient(left, 0, left + wide, 0);
  for (const [share, color] of colors[style.theme]) shades.addColorStop(share, color);
  context.fillStyle = shades;
  context.fillRect(left, top + small + gap, wide, tall);
  context.font = `${small}px ${font}`;
  context.fillStyle = style.muted;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  context.fillText(title, left + wide / 2, top);
  let free = -Infinity;
  for (const [height, words] of ticks) {
    const at = left + (wide * (height - low)) / (high - low);
    const half = context.measureText(words).width / 2;
    if (at - half < free) continue;
    context.fillText(words, at, top + small + tall + 2 * gap);
    free = at + half + gap;
  }
}
