// Presentation mode: the player fills the window, controls fold away, and text and lines are drawn larger.

import { h, iconButton, mark } from '../core/dom.js';
import { CLASS } from '../core/scale.js';

/** Milliseconds in which an Escape that closed the full screen may arrive here too. */
const ECHO = 500;

export class Present {
  /**
   * @param {HTMLElement} root
   * @param {() => Promise<void>} redraw draws everything anew in the present scale and size
   */
  constructor(root, redraw) {
    Object.assign(this, { root, redraw, on: false, left: -Infinity });
    /** The pointer has not moved since: what it lies over, it was not led to. */
    this.still = false;
    this.button = h(
      'button',
      {
        ...{ type: 'button', class: 'plain mode', title: 'Fill the window, larger, without controls' },
        ...{ 'data-testid': 'present', click: () => this.enter() },
      },
      'Present',
    );
    this.leaving = iconButton('remove', 'Leave the presentation (Escape)', {
      ...{ class: 'plain mode leave', 'data-testid': 'leave-presentation', click: () => this.leave() },
    });
    this.onscreen = () => this.full && !document.fullscreenElement && this.leave();
    document.addEventListener('fullscreenchange', this.onscreen);
    this.onmove = ({ movementX, movementY }) => {
      if (movementX || movementY) this.still = false;
    };
    document.addEventListener('pointermove', this.onmove, true);
  }

  /** @param {import('../core/theme.js').Theme} theme */
  theme(theme) {
    return this.on ? { ...theme, key: `${theme.key}|class` } : theme;
  }

  /** @param {import('../core/envelope.js').Style} style */
  style(style) {
    return this.on ? { ...style, scale: CLASS } : style;
  }

  enter() {
    if (this.on) return;
    this.on = this.still = true;
    mark(this.root, 'data-presenting', true);
    this.fill();
    this.redraw();
  }

  /** The whole screen, where the browser lets us have it; the window will do. */
  async fill() {
    const page = document.documentElement;
    if (document.fullscreenElement || !page.requestFullscreen) return;
    try {
      await page.requestFullscreen();
      this.full = true;
      if (!this.on) this.empty();
    } catch {
      this.full = false;
    }
  }

  async empty() {
    const ours = this.full;
    this.full = false;
    if (ours && document.fullscreenElement) await document.exitFullscreen().catch(() => {});
  }

  leave() {
    if (!this.on) return;
    this.on = false;
    this.left = performance.now();
    this.root.removeAttribute('data-presenting');
    this.empty();
    this.redraw();
  }

  /** Whether an Escape was meant for the presentation. */
  escape() {
    if (!this.on) return performance.now() - this.left < ECHO;
    this.leave();
    return true;
  }

  destroy() {
    document.removeEventListener('fullscreenchange', this.onscreen);
    document.removeEventListener('pointermove', this.onmove, true);
    this.on = false;
    this.root.removeAttribute('data-presenting');
    this.empty();
  }
}
