// The picture to take away: map and losses, legend and caption, composed into one figure of real traces.

import { fit } from '../core/geometry.js';
import { stepAt } from '../core/pace.js';
import { figureOf } from './figure.js';
import { rangeOf } from './layout.js';
import { captionLines, FONT, legendLines, legendTexts, ROW, wrap } from './legend.js';

/**
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('./canvas.js').Box} Box
 * @typedef {import('./marks.js').Axes} Axes
 * @typedef {import('./figure.js').View} View
 * @typedef {{left: number, top: number, width: number, height: number}} Place
 *
 * @typedef {Object} Shot
 * @property {Scene} scene
 * @property {View | null} view of the map, null for all that is wanted in view
 * @property {number} position
 * @property {string} scale of the losses
 */

const LINE = 17;

/**
 * @param {Shot} shot
 * @param {import('./snapshot.js').Wanted} wanted
 * @returns {{data: object[], layout: object}}
 */
export function picture({ scene, view, position, scale }, { width, height, theme, caption }) {
  const style = scene.styles[theme];
  /** @type {(card: Card) => Card} */
  const timely = (card) =>
    stepAt(card, position) >= card.settled ? card : { ...card, status: `at step ${stepAt(card, position)}` };
  const shown = scene.cards.filter((card) => !card.hidden).map(timely);
  const plan = arrange(scene.caption, width, height, caption, shown.length);
  const panels = scene.panels.slice(0, 2);
  const marks = panels
    .flatMap((panel, axes) => panel.marks.map((mark) => ({ ...mark, axes })))
    .filter(({ racer }) => !racer || shown.some(({ id }) => id === racer));
  const [ground, { y, ...losses }] = panels.map(({ axes }) => axes[0]);
  const curve = { ...losses, y: [y, ...y.alternatives].find((axis) => axis.scale === scale) ?? y };
  const axes = [placed(ground, plan.map, width, height), placed(curve, plan.curve, width, height)];
  const ends = /** @type {View} */ ([ground.x, ground.y].map(({ limits }) => limits ?? [-Infinity, Infinity]));
  const ranges = fit(view ?? [rangeOf(ground.x), rangeOf(ground.y)], plan.map, ends);
  const frames = [
    frameIn(plan.map, ranges, false),
    frameIn(plan.curve, [rangeOf(curve.x), rangeOf(curve.y)], curve.y.scale === 'log'),
  ];
  const { data, layout } = figureOf({ axes, marks, frames, view: ranges }, style, FONT, position);
  layout.yaxis.scaleanchor = undefined;
  return {
    data,
    layout: {
      ...{ ...layout, width, height, autosize: false, showlegend: false, hovermode: false },
      ...{ margin: { l: 0, r: 0, t: 0, b: 0, pad: 0 }, paper_bgcolor: style.paper, plot_bgcolor: 'rgba(0, 0, 0, 0)' },
      font: { family: FONT, size: 12, color: style.ink },
      shapes: [...layout.shapes, ...legendLines(plan, shown, style, width, height)],
      annotations: [
        ...layout.annotations,
        ...legendTexts(plan, shown, style, width, height),
        ...captionLines(plan, style, width, height),
      ],
    },
  };
}

/**
 * Boxes of the parts, in pixels. The legend stands at the right, in a square picture between the panels.
 * @param {string} words
 * @param {number} width
 * @param {number} height
 * @param {boolean} caption
 * @param {number} count
 */
function arrange(words, width, height, caption, count) {
  const edge = 24;
  const square = width / height < 1.2;
  const lines = caption ? wrap(words, width - 2 * edge - 8, `12px ${FONT}`) : [];
  const foot = lines.length ? lines.length * LINE + 14 : 0;
  const columns = square ? 3 : 1;
  const legend = square ? Math.ceil(count / columns) * ROW + 12 : 0;
  const aside = square ? 0 : Math.min(300, Math.round(width * 0.22));
  const left = 66;
  const wide = width - left - edge - aside - (square ? 0 : 20);
  const room = height - edge - foot - 16;
  const small = Math.round((room - legend) * 0.24);
  const map = { left, top: edge, width: wide, height: room - legend - small - 72 };
  const curve = { left, top: map.top + map.height + 34 + legend, width: wide, height: small };
  const box = square
    ? { left, top: map.top + map.height + 38, width: wide / columns, columns }
    : { left: left + wide + 24, top: edge, width: aside, columns };
  return { map, curve, legend: box, lines, foot, edge };
}

/**
 * @param {Axes} axes
 * @param {Place} box
 * @param {number} width
 * @param {number} height
 * @returns {Axes}
 */
function placed(axes, { left, top, width: wide, height: tall }, width, height) {
  return { ...axes, place: [left / width, 1 - (top + tall) / height, (left + wide) / width, 1 - top / height] };
}

/**
 * @param {Place} place
 * @param {View} ranges
 * @param {boolean} log
 * @returns {Box}
 */
function frameIn({ left, top, width, height }, [[x0, x1], [y0, y1]], log) {
  const [across, upward] = [width / (x1 - x0), -height / (y1 - y0)];
  return {
    ...{ left, top, width, height },
    x: { slope: across, offset: -across * x0, log: false },
    y: { slope: upward, offset: -upward * y1, log },
  };
}
