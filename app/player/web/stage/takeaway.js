// The buttons over the cards that take something away: a file of what is shown, and the link to the page.

import { h, say } from '../core/dom.js';

/** Milliseconds for which a button says what came of it. */
const WHILE = 1600;

export class Takeaway {
  /**
   * @param {string} label of the button that asks for a file
   * @param {() => void | Promise<void>} take asks for it
   * @param {string} [address] the link, where it is not what the address bar says; '' where there is none
   */
  constructor(label, take, address) {
    this.label = label;
    this.address = address;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.button = /** @type {HTMLButtonElement} */ (
      h('button', { type: 'button', class: 'plain', 'data-testid': 'export', click: () => this.take(take) }, label)
    );
    this.link = h(
      'button',
      { type: 'button', class: 'plain link', 'data-testid': 'copy-link', click: () => this.copy() },
      'Copy link',
    );
    this.said = h('span', { class: 'unseen', role: 'status' });
    this.element = h('div', { class: 'takeaway' }, this.button, ...(address === '' ? [] : [this.link]), this.said);
  }

  /** @param {() => void | Promise<void>} take */
  async take(take) {
    this.button.disabled = true;
    try {
      await take();
    } catch {
      this.tell(this.button, 'Not saved', this.label);
    } finally {
      this.button.disabled = false;
    }
  }

  async copy() {
    const copied = await copyText(this.address ?? window.location.href);
    this.tell(this.link, copied ? 'Copied' : this.address ? 'Not copied' : 'Copy the address bar', 'Copy link');
  }

  /**
   * Says for a while what came of a press.
   * @param {HTMLElement} button
   * @param {string} text
   * @param {string} label
   */
  tell(button, text, label) {
    say(button, text);
    say(this.said, text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      say(button, label);
      say(this.said, '');
    }, WHILE);
  }
}

/**
 * The clipboard is closed to pages without https: then a selection does it.
 * @param {string} text
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = /** @type {HTMLTextAreaElement} */ (h('textarea', { class: 'unseen' }, text));
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
