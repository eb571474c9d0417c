// The entry module, which keeps a player for each element in which Streamlit mounts the component.

import { load } from './core/dom.js';
import { Player } from './stage/player.js';

/**
 * @typedef {import('./core/types.js').Component} Component
 * @typedef {import('./core/types.js').Plotly} Plotly
 *
 * @typedef {Object} Mount
 * @property {Player} [player] undefined until plotly.js has loaded
 * @property {Component} latest the arguments of the latest call
 * @property {boolean} [gone] whether the component was unmounted
 */

/** @type {WeakMap<HTMLElement, Mount>} */
const mounted = new WeakMap();
/** @type {Set<Player>} */
const alive = new Set();

/**
 * Mounts a player, or passes new data to a mounted player.
 * @param {Component} component
 * @param {string} plotly address of plotly.js
 */
export async function show(component, plotly) {
  const parent = component.parentElement;
  const before = mounted.get(parent);
  if (before) {
    before.latest = component;
    await before.player?.update(component);
    return;
  }
  /** @type {Mount} */
  const mount = { latest: component };
  mounted.set(parent, mount);
  const [Plotly] = await Promise.all([library(plotly), sheet()]);
  /** @type {HTMLElement | null} */
  const root = parent.querySelector('.optiscope-player');
  if (mount.gone || !root) return;
  mount.player = new Player(root, Plotly);
  alive.add(mount.player);
  await mount.player.update(mount.latest);
}

/**
 * Unmounts the player of an element.
 * @param {HTMLElement} parent
 */
export function destroy(parent) {
  const mount = mounted.get(parent);
  if (!mount) return;
  mount.gone = true;
  mounted.delete(parent);
  if (mount.player) alive.delete(mount.player);
  mount.player?.destroy();
}

/**
 * Loads plotly.js and the style sheets before there is a scene to show.
 * @param {string} plotly address of plotly.js
 */
export async function preload(plotly) {
  await Promise.all([library(plotly), sheet()]);
}

/** Loads the style sheets. */
function sheet() {
  return load('link', { rel: 'stylesheet', href: new URL('style.css', import.meta.url).href });
}

/** @type {Promise<Plotly> | undefined} */
let loading;

/**
 * Loads plotly.js. It is not a module but sets a global variable, which may belong to Streamlit's own charts and is
 * restored.
 * @param {string} address
 */
function library(address) {
  loading ??= (async () => {
    const before = window.Plotly;
    await load('script', { src: address });
    const ours = window.Plotly;
    if (!ours) throw new Error(`${address} is not plotly.js`);
    if (before) window.Plotly = before;
    return ours;
  })();
  return loading;
}

/**
 * For tests: the scenes, the durations of the latest frames and of painting them, in milliseconds, and the boxes of the
 * axes of each slot in pixels of the window.
 */
window.optiscope = {
  scenes: () => [...alive].map(({ scene }) => scene),
  frames: () => [...alive].map(({ clock, paints }) => ({ frames: [...clock.frames], paints: [...paints] })),
  boxes: () => [...alive].map(({ slots }) => slots.map(({ plot }) => plot.boxes())),
};
