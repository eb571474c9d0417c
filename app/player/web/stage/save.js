// The two buttons over the cards: one opens a panel that saves the picture, one copies the link to the page.

import { h, say } from '../core/dom.js';
import { picture } from '../drawing/picture.js';

/**
 * @typedef {[value: string, text: string][]} Choices
 * @typedef {{width: number, height: number, theme: 'light' | 'dark', caption: boolean}} Wanted
 *
 * @typedef {Object} Extras what a shot has beside the picture of the race
 * @property {import('../core/types.js').Plotly} plotly
 * @property {boolean} [dark] whether the page is dark
 * @property {string} [hint] says what the picture shows, where that is not all that is on the screen
 * @property {(wanted: Wanted) => object | undefined} [figure] the figure, where it is not that of the race
 *
 * @typedef {import('../drawing/picture.js').Shot & Extras} Shot
 */

/** @type {Choices} */
const FORMATS = [
  ['png-1', 'PNG'],
  ['png-2', 'PNG, 2×'],
  ['png-3', 'PNG, 3×'],
  ['svg', 'SVG'],
];
/** @type {Choices} */
const SIZES = [
  ['wide', '16:9'],
  ['classic', '4:3'],
  ['square', 'Square'],
];
/** @type {Record<string, [width: number, height: number]>} */
const PIXELS = { wide: [1280, 720], classic: [1024, 768], square: [900, 900] };
/** @type {Choices} */
const THEMES = [
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export class Save {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {(() => Shot) | null} shot returns what is on the screen; null where only the link can be copied
   * @param {string} [address] the link, where it is not the address of the page; empty where there is none
   */
  constructor(shot, address) {
    this.shot = shot;
    this.address = address;
    this.format = choice('Format', 'format', FORMATS);
    this.size = choice('Size', 'size', SIZES);
    this.theme = choice('Colours', 'theme', THEMES);
    this.caption = h('input', { type: 'checkbox', checked: true, 'data-testid': 'save-caption' });
    this.hint = h('p', { class: 'aside', 'data-testid': 'save-hint', hidden: true });
    this.message = h('p', { class: 'hint', role: 'status', hidden: true });
    this.download = h(
      'button',
      { type: 'button', class: 'primary', 'data-testid': 'save-download', click: () => this.write() },
      'Save picture',
    );
    this.panel = h(
      'div',
      {
        class: 'panel',
        role: 'dialog',
        'aria-label': 'Save a picture',
        hidden: true,
        'data-testid': 'save-panel',
      },
      ...[this.format, this.size, this.theme].map(({ element }) => element),
      h('label', { class: 'check' }, this.caption, 'With caption'),
      this.hint,
      this.download,
      this.message,
    );
    this.button = h(
      'button',
      {
        ...{ type: 'button', class: 'plain', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
        ...{ 'data-testid': 'save', click: () => this.open(this.panel.hidden === true) },
      },
      'Save',
    );
    this.link = h(
      'button',
      { type: 'button', class: 'plain link', 'data-testid': 'copy-link', click: () => this.copy() },
      'Copy link',
    );
    this.status = h('span', { class: 'unseen', role: 'status' });
    this.element = h(
      'div',
      { class: 'takeaway', keydown: (event) => this.key(event) },
      ...(shot ? [this.button] : []),
      ...(address === '' ? [] : [this.link, this.status]),
      ...(shot ? [this.panel] : []),
    );
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === 'Escape') this.open(false, true);
  }

  /**
   * Opens or closes the panel.
   * @param {boolean} open
   * @param {boolean} [back] whether the focus goes back to the button
   */
  open(open, back = false) {
    const wasOpen = !this.panel.hidden;
    if (open && this.shot) {
      const { dark, hint } = this.shot();
      if (!wasOpen) this.theme.set(dark ? 'dark' : 'light');
      this.hint.hidden = !hint;
      say(this.hint, hint ?? '');
    }
    this.panel.hidden = !open;
    this.message.hidden = true;
    this.button.setAttribute('aria-expanded', String(open));
    if (open) this.panel.querySelector('input')?.focus();
    else if (wasOpen && back) this.button.focus();
  }

  /** Saves the picture. */
  async write() {
    if (!this.shot) return;
    this.download.disabled = true;
    try {
      const { plotly, ...shot } = this.shot();
      const [format, scale] = this.format.get().split('-');
      const [width, height] = PIXELS[this.size.get()];
      const theme = this.theme.get() === 'dark' ? 'dark' : 'light';
      /** @type {Wanted} */
      const wanted = { width, height, theme, caption: this.caption.checked };
      const figure = shot.figure?.(wanted) ?? picture(shot, wanted);
      const address = await plotly.toImage(figure, { format, width, height, scale: Number(scale ?? 1) });
      h('a', { href: address, download: `optiscope-race.${format}` }).click();
      this.open(false, true);
    } catch (error) {
      this.message.hidden = false;
      say(this.message, `The picture could not be made: ${error instanceof Error ? error.message : error}.`);
    } finally {
      this.download.disabled = false;
    }
  }

  /** Copies the link. */
  async copy() {
    const copied = await copyText(this.address ?? window.location.href);
    const text = copied ? 'Copied' : this.address ? 'Not copied' : 'Copy it from the address bar';
    say(this.link, text);
    say(this.status, text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      say(this.link, 'Copy link');
      say(this.status, '');
    }, 1600);
  }
}

/**
 * A row of radio buttons, the first of which is checked.
 * @param {string} legend
 * @param {string} name
 * @param {Choices} options
 */
function choice(legend, name, options) {
  const group = `optiscope-${name}-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value], k) =>
    h('input', {
      type: 'radio',
      name: group,
      value,
      checked: k === 0,
      'data-testid': `save-${name}-${value}`,
    }),
  );
  const element = h(
    'fieldset',
    {},
    h('legend', {}, legend),
    h('div', { class: 'segments' }, ...options.map(([, text], k) => h('label', {}, inputs[k], h('span', {}, text)))),
  );
  const get = () => inputs.find((input) => input.checked)?.value ?? options[0][0];
  const set = (/** @type {string} */ value) => {
    for (const input of inputs) input.checked = input.value === value;
  };
  return { element, get, set };
}

/**
 * Copies a text, by a selection where the clipboard is not available because the page came without https.
 * @param {string} text
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h('textarea', { class: 'unseen' }, text);
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
