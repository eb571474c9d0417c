// The presentation: the player fills the window, controls fold away, and text and lines are larger.

import { h, iconButton, mark } from '../core/dom.js';
import { CLASS } from '../core/scale.js';

/** Milliseconds within which the Escape that left the full screen may also arrive here. */
const ECHO = 500;

export class Present {
  on = false;
  /** Whether the full screen is ours. */
  full = false;
  /** When the presentation was left, in milliseconds. */
  left = -Infinity;
  /** Whether the pointer has not moved since the presentation began: nobody points at what lies under it. */
  still = false;

  /**
   * @param {HTMLElement} root
   * @param {() => Promise<void>} redraw draws everything again in the current scale and size
   */
  constructor(root, redraw) {
    this.root = root;
    this.redraw = redraw;
    this.button = h(
      'button',
      {
        ...{ type: 'button', class: 'plain mode', title: 'Fill the window, enlarge the text, and hide the controls' },
        ...{ 'data-testid': 'present', click: () => this.enter() },
      },
      'Present',
    );
    this.leaving = iconButton('remove', 'Exit the presentation (Escape)', {
      ...{ class: 'plain mode leave', 'data-testid': 'leave-presentation', click: () => this.leave() },
    });
    this.onscreen = () => {
      if (this.full && !document.fullscreenElement) this.leave();
    };
    document.addEventListener('fullscreenchange', this.onscreen);
    this.onmove = (/** @type {PointerEvent} */ { movementX, movementY }) => {
      if (movementX || movementY) this.still = false;
    };
    document.addEventListener('pointermove', this.onmove, true);
  }

  /**
   * The theme under which panels draw again when the presentation begins or ends.
   * @param {import('../core/theme.js').Theme} theme
   */
  theme(theme) {
    return this.on ? { ...theme, key: `${theme.key}|class` } : theme;
  }

  /**
   * The style with the scale of a presentation.
   * @param {import('../core/envelope.js').Style} style
   */
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

  /** Takes the whole screen where the browser allows it; otherwise the window is enough. */
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

  /** Gives the screen back. */
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

  /** Leaves on Escape; returns whether the key was meant for the presentation. */
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
