// Legend and caption of a saved picture: lines, signs and words placed by pixels.

import { plotlyDash, widthOf } from './strokes.js';
import { escaped } from './layout.js';

/**
 * @typedef {import('../core/envelope.js').Card} Card
 * @typedef {import('./strokes.js').Style} Style
 *
 * @typedef {Object} LegendPlan
 * @property {{left: number, top: number, width: number, columns: number}} legend
 * @property {string[]} lines
 * @property {number} foot
 * @property {number} edge
 */

/** What every machine has: a picture carries no fonts of the page. */
export const FONT = 'Helvetica, Arial, "Liberation Sans", sans-serif';
export const ROW = 21;
/** @type {Record<string, string>} */
const SIGNS = { circle: '●', square: '■', diamond: '◆', 'triangle-up': '▲' };

/**
 * @param {LegendPlan} plan
 * @param {number} k
 */
function slot({ legend }, k) {
  return {
    left: legend.left + (k % legend.columns) * legend.width,
    top: legend.top + Math.floor(k / legend.columns) * ROW + (legend.columns === 1 ? Math.floor(k) * 18 : 0) + 9,
  };
}

/**
 * @param {LegendPlan} plan
 * @param {Card[]} shown
 * @param {Style} style
 * @param {number} width
 * @param {number} height
 */
export function legendLines(plan, shown, style, width, height) {
  return shown.map((card, k) => {
    const { left, top } = slot(plan, k);
    return {
      ...{ type: 'line', xref: 'paper', yref: 'paper', y0: 1 - top / height, y1: 1 - top / height },
      ...{ x0: left / width, x1: (left + 24) / width },
      line: { width: widthOf(style, 'trail') + 0.5, color: card.color, dash: plotlyDash(style, card.dash) },
    };
  });
}

/**
 * @param {LegendPlan} plan
 * @param {Card[]} shown
 * @param {Style} style
 * @param {number} width
 * @param {number} height
 */
export function legendTexts(plan, shown, style, width, height) {
  const signs = shown.map((card, k) => {
    const { left, top } = slot(plan, k);
    return {
      ...words(SIGNS[card.shape], left + 12, top, width, height),
      ...{ xanchor: 'center', yanchor: 'middle', font: { size: 15, color: card.color } },
    };
  });
  const texts = shown.map((card, k) => {
    const { left, top } = slot(plan, k);
    const status = card.status ? `<span style="color:${style.muted}">${escaped(card.status)}</span>` : '';
    const between = plan.legend.columns === 1 ? '<br>' : '  ';
    return {
      ...words(`<b>${escaped(card.title)}</b>${status ? between + status : ''}`, left + 32, top - 9, width, height),
      font: { size: 12, color: style.ink },
    };
  });
  return [...signs, ...texts];
}

/**
 * @param {{lines: string[], foot: number, edge: number}} plan
 * @param {Style} style
 * @param {number} width
 * @param {number} height
 */
export function captionLines(plan, style, width, height) {
  if (!plan.lines.length) return [];
  const top = height - plan.foot;
  return [
    {
      ...words(plan.lines.map(escaped).join('<br>'), plan.edge, top, width, height),
      font: { size: 12, color: style.muted },
    },
  ];
}

/**
 * @param {string} text
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 */
function words(text, left, top, width, height) {
  return {
    ...{ text, showarrow: false, align: 'left', xref: 'paper', yref: 'paper', borderpad: 0 },
    ...{ xanchor: 'left', yanchor: 'top', x: left / width, y: 1 - top / height },
  };
}

/**
 * Breaks a text into lines that fit, measured in the font in which they are drawn.
 * @param {string} text
 * @param {number} width
 * @param {string} font
 */
export function wrap(text, width, font) {
  const pen = document.createElement('canvas').getContext('2d');
  /** @type {string[]} */
  const lines = [];
  if (!pen) return lines;
  pen.font = font;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
