// The script of an exported HTML file: it unpacks plotly.js and the recording, and mounts the player.

import { Player } from '../player/web/stage/player.js';

/**
 * The bytes that an element of the page contains as gzipped base64.
 * @param {string} id
 */
async function unpack(id) {
  const text = document.getElementById(id)?.textContent ?? '';
  const zipped = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([zipped]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

const [code, data] = await Promise.all([unpack('plotly'), unpack('recording')]);
const script = document.createElement('script');
script.textContent = new TextDecoder().decode(code);
document.head.append(script);

/** @type {HTMLElement | null} */
const root = document.querySelector('.optiscope-player');
if (!root || !window.Plotly) throw new Error('the page is incomplete');
const player = new Player(root, window.Plotly);
const show = () => player.update({ data, setTriggerValue() {} });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
await show();
