// Helpers that create and change elements.

import { icon } from './icons.js';

/**
 * Creates an element. Functions become listeners, and all other values become attributes, except null, undefined and
 * false, which are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {import('./types.js').Attributes} [attributes]
 * @param {...(Node | string | null)} children null is left out
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/**
 * Sets the text of an element if it has changed, so that screen readers announce only changes.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Sets an attribute of an element if it has changed.
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean} value
 */
export function mark(element, name, value) {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Creates a button with an icon, whose label is also its tooltip.
 * @param {import('./icons.js').IconName} name
 * @param {string} label
 * @param {import('./types.js').Attributes} [attributes]
 */
export function iconButton(name, label, attributes = {}) {
  return h('button', { type: 'button', 'aria-label': label, title: label, ...attributes }, icon(name));
}

/**
 * Gives an icon button another icon and label.
 * @param {HTMLButtonElement} button
 * @param {import('./icons.js').IconName} name
 * @param {string} label
 */
export function relabel(button, name, label) {
  if (button.getAttribute('aria-label') === label) return;
  button.replaceChildren(icon(name));
  button.setAttribute('aria-label', label);
  button.title = label;
}

/** The style sheets and scripts in the document's head, by address. @type {Map<string, Promise<void>>} */
const loading = new Map();

/**
 * Adds a style sheet or a script to the document's head, once. The promise resolves when it has loaded.
 * @param {'link' | 'script'} tag
 * @param {{href?: string, src?: string, rel?: string}} attributes
 * @returns {Promise<void>}
 */
export function load(tag, attributes) {
  const address = attributes.href ?? attributes.src ?? '';
  const started = loading.get(address);
  if (started) return started;
  const element = h(tag, { ...attributes, 'data-optiscope': address });
  const loaded = new Promise((resolve, reject) => {
    element.addEventListener('load', () => resolve(undefined));
    element.addEventListener('error', () => reject(new Error(`could not load ${address}`)));
  });
  loading.set(address, loaded);
  document.head.append(element);
  return loaded;
}
