// One panel of a board: the choice of what it shows, a note, and whoever draws that kind of panel.

import { ChartView } from './chart.js';
import { h, mark, say } from '../core/dom.js';
import { FitView } from './fit.js';
import { HistogramsView } from './histograms.js';
import { PlaneView } from './plane.js';
import { TilesView } from './tiles.js';

const VIEWS = { chart: ChartView, fit: FitView, histograms: HistogramsView, plane: PlaneView, tiles: TilesView };

export class SlotPanel {
  /**
   * @param {any} plotly
   * @param {number} slot
   * @param {object} listeners
   * @param {(name: string) => void} choose another view was chosen
   * @param {(name: string) => void} option the view's own choice was made
   */
  constructor(plotly, slot, listeners, choose, option) {
    this.plotly = plotly;
    this.place = slot;
    this.listeners = listeners;
    this.choice = select(`Panel ${slot + 1} shows`, `view-${slot}`, choose);
    this.option = select('How', `option-${slot}`, option);
    this.note = h('p', { class: 'note', 'data-testid': `note-${slot}` });
    this.text = h('p', { class: 'message', hidden: true });
    this.body = h('div', { class: 'body', role: 'img', 'data-testid': `panel-${slot}` });
    this.element = h(
      'section',
      { class: 'slot' },
      h('header', {}, this.choice.element, this.option.element),
      this.note,
      this.body,
      this.text,
    );
  }

  async update(scene, style, theme, lit) {
    const slot = scene.slots[this.place];
    if (!slot) {
      this.slot = undefined;
      return;
    }
    this.scene = scene;
    const hidden = scene.cards.map((card) => card.hidden).join();
    const drawing = [slot.id, slot.key, scene.length ?? scene.steps, theme.key, hidden, this.body.clientWidth].join();
    this.choice.set(slot.choices, slot.key);
    const { options } = slot.panel;
    this.option.set(options?.choices ?? [], options?.value);
    if (drawing === this.drawing) {
      this.view?.hand(scene);
      return;
    }
    this.drawing = drawing;
    Object.assign(this, { style, theme, slot });
    const { type } = slot.panel;
    this.note.innerHTML = '';
    this.note.append(...marked(slot.panel.note ?? ''));
    this.note.title = this.note.textContent;
    mark(this.body, 'aria-label', `${slot.title}. ${this.note.textContent}. ${scene.description}`);
    this.text.hidden = type !== 'message';
    if (type === 'message') say(this.text, slot.panel.text);
    if (type !== this.type) {
      this.view?.destroy();
      this.body.replaceChildren();
      this.type = type;
      this.view = VIEWS[type] ? new VIEWS[type](this.plotly, this.listeners, this.body) : null;
    }
    mark(this.body, 'data-type', type);
    await this.view?.draw(slot.panel, scene, style, theme);
    this.view?.light(lit);
  }

  paint(position) {
    this.view?.paint(position);
  }

  remeasure() {
    return this.look();
  }

  async settle() {}

  light(id) {
    this.view?.light(id);
  }

  async look() {
    if (!this.slot) return;
    await this.view?.draw(this.slot.panel, this.scene, this.style, this.theme);
    this.listeners.moved();
  }

  destroy() {
    this.view?.destroy();
  }
}

/** Text in which only spans of a colour and bold letters are marked up, as our own notes are. */
function marked(text) {
  const parts = text.split(/(<span style='color:[^']*'><b>[^<]*<\/b><\/span>)/);
  return parts.map((part) => {
    const found = part.match(/^<span style='color:([^']*)'><b>([^<]*)<\/b><\/span>$/);
    return found ? h('b', { style: `color:${found[1]}` }, found[2]) : part;
  });
}

function select(label, testid, chosen) {
  const element = h('select', {
    ...{ class: 'view', 'aria-label': label, title: label, 'data-testid': testid, hidden: true },
    change: () => chosen(element.value),
  });
  let there = '';
  return {
    element,
    set(choices, value) {
      const key = JSON.stringify(choices);
      if (key !== there) {
        there = key;
        element.replaceChildren(...choices.map(([name, text]) => h('option', { value: name }, text)));
        element.hidden = choices.length === 0;
      }
      if (value !== undefined && element.value !== value) element.value = value;
    },
  };
}
