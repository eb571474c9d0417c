// The two buttons over the cards: a panel that saves the picture, and the link to the page.

import { h, say } from '../core/dom.js';
import { picture } from '../drawing/picture.js';

const FORMATS = [
  ['png-1', 'PNG'],
  ['png-2', 'PNG, 2×'],
  ['png-3', 'PNG, 3×'],
  ['svg', 'SVG'],
];
const SIZES = [
  ['wide', '16:9'],
  ['classic', '4:3'],
  ['square', 'Square'],
];
export const PIXELS = { wide: [1280, 720], classic: [1024, 768], square: [900, 900] };
const THEMES = [
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export class Save {
  /** @param {(() => import('../drawing/picture.js').Shot & {plotly: any}) | null} shot what is on the screen now; null
   * where there is only the link to take away
   * @param {string} [address] the link, where it is not what the address bar says; '' where there is none
   */
  constructor(shot, address) {
    this.shot = shot;
    this.address = address;
    this.format = choice('Format', 'format', FORMATS);
    this.size = choice('Shape', 'size', SIZES);
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
      ...[this.format, this.size, this.theme].map((one) => one.element),
      h('label', { class: 'check' }, this.caption, 'With caption'),
      this.hint,
      this.download,
      this.message,
    );
    this.button = h(
      'button',
      {
        ...{ type: 'button', class: 'plain', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
        ...{ 'data-testid': 'save', click: () => this.open(this.panel.hidden) },
      },
      'Save',
    );
    this.link = h(
      'button',
      { type: 'button', class: 'plain link', 'data-testid': 'copy-link', click: () => this.copy() },
      'Copy link',
    );
    this.said = h('span', { class: 'unseen', role: 'status' });
    this.element = h(
      'div',
      { class: 'takeaway', keydown: (event) => event.key === 'Escape' && this.open(false, true) },
      ...(shot ? [this.button] : []),
      ...(address === '' ? [] : [this.link, this.said]),
      ...(shot ? [this.panel] : []),
    );
  }

  open(open, back = false) {
    if (open && this.panel.hidden) this.theme.set(this.shot().dark ? 'dark' : 'light');
    if (open) {
      const { hint } = this.shot();
      this.hint.hidden = !hint;
      say(this.hint, hint ?? '');
    }
    const was = !this.panel.hidden;
    this.panel.hidden = !open;
    this.message.hidden = true;
    this.button.setAttribute('aria-expanded', String(open));
    if (open) this.panel.querySelector('input').focus();
    else if (was && back) this.button.focus();
  }

  async write() {
    this.download.disabled = true;
    try {
      const { plotly, ...shot } = this.shot();
      const [format, scale] = this.format.get().split('-');
      const [width, height] = PIXELS[this.size.get()];
      const theme = this.theme.get();
      const wanted = { width, height, theme, caption: this.caption.checked };
      const figure = shot.figure?.(wanted) ?? picture({ ...shot, ...wanted });
      const address = await plotly.toImage(figure, { format, width, height, scale: Number(scale ?? 1) });
      h('a', { href: address, download: `optiscope-race.${format}` }).click();
      this.open(false, true);
    } catch (error) {
      this.message.hidden = false;
      say(this.message, `The picture could not be made: ${error.message ?? error}.`);
    } finally {
      this.download.disabled = false;
    }
  }

  async copy() {
    const copied = await copyText(this.address ?? window.location.href);
    const text = copied ? 'Copied' : this.address ? 'Not copied' : 'Copy the address bar';
    say(this.link, text);
    say(this.said, text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      say(this.link, 'Copy link');
      say(this.said, '');
    }, 1600);
  }
}

/** A row of radio buttons. */
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
  const get = () => inputs.find((input) => input.checked).value;
  const set = (value) => inputs.forEach((input) => (input.checked = input.value === value));
  return { element, get, set };
}

/** The clipboard is closed to pages without https: then a selection does it. */
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
