// The player's own icons, on a grid of 24 by 24.

const ICONS = {
  play: ['<path d="M7 4.5v15l12.5-7.5z" fill="currentColor" stroke="none"/>'],
  pause: ['<path d="M6.5 5h4v14h-4zM13.5 5h4v14h-4z" fill="currentColor" stroke="none"/>'],
  start: ['<path d="M6 5.5v13"/>', '<path d="M18.5 6v12L9 12z" fill="currentColor" stroke="none"/>'],
  end: ['<path d="M18 5.5v13"/>', '<path d="M5.5 6v12L15 12z" fill="currentColor" stroke="none"/>'],
  back: ['<path d="M16.5 6v12L7 12z" fill="currentColor" stroke="none"/>'],
  forward: ['<path d="M7.5 6v12L17 12z" fill="currentColor" stroke="none"/>'],
  loop: [
    '<path d="M17 3.5l3 3-3 3"/>',
    '<path d="M4 11V9.5a3 3 0 0 1 3-3h13"/>',
    '<path d="M7 20.5l-3-3 3-3"/>',
    '<path d="M20 13v1.5a3 3 0 0 1-3 3H4"/>',
  ],
  explain: [
    '<path d="M16.5 5.2c-.6-1-1.5-1.4-2.4-1.2-1.4.3-1.8 1.6-2.1 3.2L10 17"/>',
    '<path d="M10 17c-.4 2-1.1 3.2-2.5 3.3-.8 0-1.3-.3-1.7-.9"/>',
    '<path d="M8.5 10.5h7"/>',
  ],
  duplicate: [
    '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/>',
    '<path d="M15.5 5.5v-.5a1.5 1.5 0 0 0-1.5-1.5H6A1.5 1.5 0 0 0 4.5 5v8A1.5 1.5 0 0 0 6 14.5h.5"/>',
  ],
  hide: [
    '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/>',
    '<circle cx="12" cy="12" r="3"/>',
  ],
  show: [
    '<path d="M4 10.5c1.5 2.4 4.4 4.5 8 4.5s6.5-2.1 8-4.5"/>',
    '<path d="M12 15v3M6.5 13.8L5 16.3M17.5 13.8l1.5 2.5"/>',
  ],
  remove: ['<path d="M6 6l12 12M18 6L6 18"/>'],
  nearer: ['<path d="M12 6v12M6 12h12"/>'],
  farther: ['<path d="M6 12h12"/>'],
  home: [
    '<path d="M4 9V5.5A1.5 1.5 0 0 1 5.5 4H9"/>',
    '<path d="M15 4h3.5A1.5 1.5 0 0 1 20 5.5V9"/>',
    '<path d="M20 15v3.5a1.5 1.5 0 0 1-1.5 1.5H15"/>',
    '<path d="M9 20H5.5A1.5 1.5 0 0 1 4 18.5V15"/>',
  ],
};

/** @typedef {keyof typeof ICONS} IconName */

/**
 * @param {IconName} name
 * @returns {Node}
 */
export function icon(name) {
  const holder = document.createElement('template');
  holder.innerHTML =
    '<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" ' +
    `stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${ICONS[name].join('')}</svg>`;
  return holder.content;
}
