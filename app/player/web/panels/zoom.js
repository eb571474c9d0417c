// The buttons that zoom a map.

import { h, iconButton } from '../core/dom.js';

export class ZoomTools {
  /**
   * @param {(factor: number) => void} zoom multiplies the ranges by a factor
   * @param {() => void} home
   */
  constructor(zoom, home) {
    /** @type {(name: import('../core/icons.js').IconName, label: string, testid: string, click: () => void) => HTMLElement} */
    const button = (name, label, testid, click) =>
      iconButton(name, label, { class: 'icon', 'data-testid': testid, click });
    this.element = h(
      'div',
      { class: 'zoom', role: 'group', 'aria-label': 'Zoom' },
      button('nearer', 'Zoom in', 'zoom-in', () => zoom(0.6)),
      button('farther', 'Zoom out', 'zoom-out', () => zoom(1 / 0.6)),
      button('home', 'Reset the view', 'zoom-home', home),
    );
  }
}
