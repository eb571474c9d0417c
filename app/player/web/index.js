// Entry: one player for every element that Streamlit mounts the component in.

import { load } from './core/dom.js';
import { Player } from './stage/player.js';

/** @type {WeakMap<HTMLElement, {player?: import('./stage/stage.js').Stage, latest: object, gone?: boolean}>} */
const mounted = new WeakMap();
const alive = new Set();

/**
 * Mounts a player, or hands new data to the one that is there.
 * @param {{parentElement: HTMLElement, data: Uint8Array, setTriggerValue: Function}} component
 * @param {string} plotly address of plotly.js
 */
export async function show(component, plotly) {
  const parent = component.parentElement;
  const there = mounted.get(parent);
  if (there) {
    there.latest = component;
    await there.player?.update(component);
    return;
  }
  const mount = { latest: component };
  mounted.set(parent, mount);
  const [Plotly] = await Promise.all([library(plotly), sheet()]);
  if (mount.gone) return;
  const root = parent.querySelector('.optiscope-player');
  mount.player = new Player(root, Plotly);
  alive.add(mount.player);
  await mount.player.update(mount.latest);
}

/** @param {HTMLElement} parent */
export function destroy(parent) {
  const mount = mounted.get(parent);
  if (!mount) return;
  mount.gone = true;
  mounted.delete(parent);
  if (mount.player) alive.delete(mount.player);
  mount.player?.destroy();
}

/** Fetches plotly.js and the style sheet before there is anything to show. */
export async function preload(plotly) {
  await Promise.all([library(plotly), sheet()]);
}

function sheet() {
  return load('link', { rel: 'stylesheet', href: new URL('style.css', import.meta.url).href });
}

let loading;

/** plotly.js is no module and leaves a global behind, which may be that of Streamlit's own charts. */
async function library(address) {
  loading ??= (async () => {
    const before = window.Plotly;
    await load('script', { src: address });
    const ours = window.Plotly;
    if (before) window.Plotly = before;
    return ours;
  })();
  return loading;
}

/** For tests: what is shown, durations of the last frames, and the time spent painting them, in milliseconds. */
window.optiscope = {
  scenes: () => [...alive].map(({ scene }) => scene),
  frames: () => [...alive].map(({ clock, paints }) => ({ frames: [...clock.frames], paints: [...paints] })),
};
