// What stands on the trails: heads, the arrows and names of runs that left, and the start.

import { caption, outline } from './canvas.js';
import { exit, inside } from '../core/geometry.js';
import { letters, thick } from '../core/scale.js';

export const HEAD = 6.5;
const RING = 2;
/** Distance of a name from the edge where its run left. */
export const INWARD = 18;

/**
 * @typedef {Object} Ground what is drawn on, and in which colours
 * @property {CanvasRenderingContext2D} context
 * @property {import('../core/geometry.js').Frame} frame
 * @property {import('../core/envelope.js').Style} style
 * @property {string} font
 */

/**
 * One racer's head, or where it left the frame an arrow with its name.
 * @param {Ground} ground
 * @param {object[]} labels those already placed
 */
export function paintHead(ground, racer, step, labels) {
  const { frame, style } = ground;
  const { card, head, path } = racer;
  const ended = card.gone && step >= card.leaves;
  if (inside(head[0], head[1], frame)) {
    paintMark(ground, card, head);
    if (ended) paintLabel(ground, card, step, head[0], head[1] - letters(style, 14), labels);
    return;
  }
  const edge = exit(path, Math.min(step, card.leaves), head, frame);
  if (!edge) return;
  paintArrow(ground, edge, card.color);
  const inward = letters(style, INWARD);
  const [x, y] = [edge.x - inward * Math.cos(edge.angle), edge.y - inward * Math.sin(edge.angle)];
  paintLabel(ground, card, step, x, y, labels);
}

/** A head itself, with its ring. */
export function paintMark({ context, style }, card, [x, y]) {
  outline(context, card.shape, x, y, thick(style, HEAD));
  context.lineWidth = thick(style, 2 * RING);
  context.strokeStyle = style.paper;
  context.stroke();
  context.fillStyle = card.color;
  context.fill();
}

export function paintArrow({ context, style }, { x, y, angle }, color) {
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.scale(thick(style, 1), thick(style, 1));
  context.beginPath();
  context.moveTo(-1, 0);
  context.lineTo(-12, -6.5);
  context.lineTo(-12, 6.5);
  context.closePath();
  context.setLineDash([]);
  context.lineWidth = 3;
  context.strokeStyle = style.paper;
  context.stroke();
  context.fillStyle = color;
  context.fill();
  context.restore();
}

/** Names the run that left; labels that would cover each other are set below one another. */
export function paintLabel({ context, frame, style, font }, card, step, x, y, labels) {
  const text = departure(card, step);
  context.font = `600 ${letters(style, 11)}px ${font}`;
  context.textBaseline = 'middle';
  const width = context.measureText(text).width;
  const { width: right, height: bottom } = frame;
  const box = { x: Math.min(right - width - 8, Math.max(8, x - width / 2)), y, width };
  box.y = Math.min(bottom - letters(style, 10), Math.max(letters(style, 10), y));
  const down = box.y < bottom / 2 ? 1 : -1;
  while (labels.some((one) => overlap(one, box, letters(style, 13)))) box.y += letters(style, 14) * down;
  labels.push(box);
  context.textAlign = 'left';
  caption(context, text, box.x, box.y, card.color, style.paper);
}

/**
 * @param {Ground} ground
 * @param {[number, number]} start
 * @param {string} [text] what is written at it
 */
export function paintStart({ context, frame, style, font }, start, text = 'start: drag or click') {
  const x = frame.x.offset + frame.x.slope * start[0];
  const y = frame.y.offset + frame.y.slope * start[1];
  if (!inside(x, y, frame)) return;
  context.setLineDash([]);
  for (const [color, width] of [
    [style.paper, 5],
    [style.ink, 2],
  ]) {
    context.beginPath();
    context.arc(x, y, thick(style, 5.5), 0, 2 * Math.PI);
    context.lineWidth = thick(style, width);
    context.strokeStyle = color;
    context.stroke();
  }
  context.font = `${letters(style, 11)}px ${font}`;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  const half = context.measureText(text).width / 2 + 6;
  const middle = Math.min(frame.width - half, Math.max(half, x));
  caption(context, text, middle, y > letters(style, 26) ? y - letters(style, 15) : y + letters(style, 16), style.muted, style.paper);
}

/** What is said where a run leaves the frame: what became of it only once the clock is there. */
export function departure(card, step) {
  return card.gone && card.status && step >= card.settled ? `${card.title}: ${card.status}` : card.title;
}

function overlap(one, other, tall) {
  return (
    Math.abs(one.y - other.y) < tall && one.x < other.x + other.width + 6 && other.x < one.x + one.width + 6
  );
}
