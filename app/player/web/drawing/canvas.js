// Canvases that lie over a plot's box, sharp on any screen, and the shapes drawn on them.

import { h } from '../core/dom.js';

/** @typedef {import('../core/geometry.js').Frame} Frame */

/**
 * A canvas over the plot, or one off screen where no host is given.
 * @param {HTMLElement | null} host
 * @param {string} [name]
 * @param {number} [bleed] by how much it is larger on every side, so that a head at the edge is whole
 */
export function layer(host, name, bleed = 0) {
  const canvas = h('canvas', { class: `layer ${name ?? ''}`, 'aria-hidden': 'true' });
  host?.append(canvas);
  return { canvas, context: canvas.getContext('2d'), ratio: 1, bleed };
}

/**
 * Fits a layer to the plot's box; clears it.
 * @param {ReturnType<typeof layer>} one
 * @param {{left: number, top: number, width: number, height: number}} box
 */
export function place(one, box) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const { canvas, context, bleed } = one;
  const width = Math.max(1, Math.round((box.width + 2 * bleed) * ratio));
  const height = Math.max(1, Math.round((box.height + 2 * bleed) * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  one.ratio = ratio;
  Object.assign(canvas.style, {
    left: `${box.left - bleed}px`,
    top: `${box.top - bleed}px`,
    // Not the box's own size: a canvas stretched by a fraction of a pixel is blurred.
    width: `${width / ratio}px`,
    height: `${height / ratio}px`,
  });
  wipe(one);
  // As SVG draws the same lines, so that nothing moves when the plot's own traces take over.
  context.miterLimit = 2;
  context.lineJoin = 'miter';
}

/** Clears a layer and leaves its pen in CSS pixels. */
export function wipe({ canvas, context, ratio, bleed }) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, bleed * ratio, bleed * ratio);
}

/**
 * The plot's box and the affine maps of its axes, out of a drawn plotly figure. These are plotly.js's own
 * internals: `l2p` maps linearised values, so that a log axis is asked in decades.
 * @param {any} plot
 * @returns {Frame & {left: number, top: number}}
 */
export function frameOf(plot) {
  const { xaxis, yaxis } = plot._fullLayout;
  return frameOfAxes(xaxis, yaxis);
}

/** The same for one of several pairs of axes. */
export function frameOfAxes(xaxis, yaxis) {
  return {
    left: xaxis._offset,
    top: yaxis._offset,
    width: xaxis._length,
    height: yaxis._length,
    x: affine(xaxis),
    y: affine(yaxis),
  };
}

function affine(axis) {
  const [low, high] = axis.range.map((value) => axis.r2l(value));
  const slope = (axis.l2p(high) - axis.l2p(low)) / (high - low);
  return { slope, offset: axis.l2p(low) - slope * low };
}

/** Adds the outline of a head to the current path; all shapes have about the area of the circle. */
export function outline(context, shape, x, y, radius) {
  context.beginPath();
  if (shape === 'square') {
    const half = radius * 0.9;
    context.rect(x - half, y - half, 2 * half, 2 * half);
  } else if (shape === 'diamond') {
    polygon(context, x, y, radius * 1.3, 4, -Math.PI / 2);
  } else if (shape === 'triangle-up') {
    polygon(context, x, y + radius * 0.15, radius * 1.35, 3, -Math.PI / 2);
  } else {
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

function polygon(context, x, y, radius, corners, turn) {
  for (let k = 0; k < corners; k++) {
    const angle = turn + (2 * Math.PI * k) / corners;
    context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  context.closePath();
}

/** Text with a casing in the page's colour, legible on trails and contours. */
export function caption(context, text, x, y, color, paper) {
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = paper;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
  context.lineJoin = 'miter';
}

/** A text that fits, with an ellipsis where it does not. */
export function cut(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end)}…`;
}
