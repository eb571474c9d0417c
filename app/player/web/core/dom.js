// Small helpers to build elements.

import { icon } from './icons.js';

/**
 * Builds an element. Properties that are functions become listeners, `data-` and `aria-` and the like
 * attributes; null and false are left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Writes a text only where it differs, so that screen readers and layout are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute only where it differs. */
export function mark(element, name, value) {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * A button that is an icon, with its words as label and tooltip.
 * @param {string} name of the icon
 * @param {string} label
 */
export function iconButton(name, label, attributes = {}) {
  return h('button', { type: 'button', 'aria-label': label, title: label, ...attributes }, icon(name));
}

/** Gives an icon button another icon and label. */
export function relabel(button, name, label) {
  if (button.getAttribute('aria-label') === label) return;
  button.replaceChildren(icon(name));
  button.setAttribute('aria-label', label);
  button.title = label;
}

/** Waits for a stylesheet or a script put into the document's head once. */
export function load(tag, attributes) {
  const address = attributes.href ?? attributes.src;
  const there = [...document.head.querySelectorAll(tag)].find((one) => one.dataset.optiscope === address);
  if (there) return there.ready;
  const element = h(tag, { ...attributes, 'data-optiscope': address });
  element.ready = new Promise((resolve, reject) => {
    element.addEventListener('load', () => resolve(element));
    element.addEventListener('error', () => reject(new Error(`could not load ${address}`)));
  });
  document.head.append(element);
  return element.ready;
}
