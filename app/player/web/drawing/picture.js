// A picture of a page without a server: what is seen of it, as a PNG. Where there is a server, that makes all files.

import { sceneOf } from './projection.js';

/** What is written, beside what plotly and the canvases draw. */
const WORDS = [
  'h1, .caption, .stage :is(.tag, .note, .message, .pane b, .pane .status, .slot select.view)',
  '.cards :is(h3, .status)',
].join();
/** The least number of pixels of the picture to a pixel of the page. */
const FINE = 2;

/**
 * @param {HTMLElement} root the player, which is at rest
 * @param {any} plotly
 * @returns {Promise<string>} the address of a PNG
 */
export async function pictureOf(root, plotly) {
  const scale = Math.max(FINE, window.devicePixelRatio);
  const { width } = document.body.getBoundingClientRect();
  const height = root.getBoundingClientRect().bottom + window.scrollY;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.scale(scale, scale);
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, width, height);
  const layers = (/** @type {HTMLElement} */ host, /** @type {string} */ selector) => {
    for (const layer of seen(host, selector)) {
      const box = boxOf(layer);
      context.drawImage(/** @type {HTMLCanvasElement} */ (layer), box.left, box.top, box.width, box.height);
    }
  };
  for (const plot of seen(root, '.plot')) {
    if (!(/** @type {any} */ (plot)._fullLayout)) continue;
    const host = /** @type {HTMLElement} */ (plot.parentElement);
    layers(host, 'canvas.ground');
    const { left, top, width: wide, height: tall } = boxOf(plot);
    const image = new Image();
    image.src =
      (await sceneOf(plot)?.toImage('png')) ??
      (await plotly.toImage(plot, { format: 'png', width: wide, height: tall, scale }));
    await image.decode();
    context.drawImage(image, left, top, wide, tall);
    layers(host, 'canvas.layer:not(.ground)');
  }
  for (const layer of seen(root, 'canvas.layer')) {
    if (layer.parentElement?.querySelector('.plot')) continue;
    const box = boxOf(layer);
    context.drawImage(/** @type {HTMLCanvasElement} */ (layer), box.left, box.top, box.width, box.height);
  }
  for (const element of seen(document.body, WORDS)) write(context, element);
  for (const card of seen(root, '.card')) {
    const { left, top, height: tall } = boxOf(/** @type {HTMLElement} */ (card.querySelector('h3') ?? card));
    context.fillStyle = getComputedStyle(card).getPropertyValue('--racer');
    context.fillRect(left - 18, top + tall / 2 - 5, 10, 10);
  }
  return canvas.toDataURL('image/png');
}

/**
 * @param {HTMLElement} element
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
function seen(element, selector) {
  const all = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(selector));
  return [...all].filter((part) => part.getClientRects().length && getComputedStyle(part).visibility === 'visible');
}

/** @param {Element} element */
function boxOf(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { left: left + window.scrollX, top: top + window.scrollY, width, height };
}

/**
 * The words of an element where it has them, broken into the lines that fit.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLElement} element
 */
function write(context, element) {
  const { left, top, width } = boxOf(element);
  const { fontWeight, fontSize, fontFamily, color } = getComputedStyle(element);
  const font = `${fontWeight} ${fontSize} ${fontFamily}`;
  const text = element instanceof HTMLSelectElement ? element.selectedOptions[0]?.text : element.textContent;
  Object.assign(context, { font, fillStyle: color, textBaseline: 'top' });
  /** @type {string[]} */
  const lines = [];
  for (const word of (text ?? '').split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && context.measureText(longer).width <= width + 1) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  lines.forEach((line, k) => context.fillText(line, left, top + 2 + k * 1.3 * parseFloat(fontSize)));
}
