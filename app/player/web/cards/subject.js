// The sliders of the scene as a whole: the surface of a race and its rotation.

import { h, mark } from '../core/dom.js';
import { SliderRow, SliderRows } from './slider.js';

/**
 * @typedef {import('../core/envelope.js').Scene} Scene
 * @typedef {import('../core/envelope.js').Slider} Slider
 *
 * @typedef {Object} Acts what can be done to a slider
 * @property {(name: string, value: number) => void} commit
 * @property {(name: string) => import('./slider.js').Dragging} dragging
 * @property {(name: string) => boolean} pending whether a value that was committed has no answer yet
 */

export class Subject {
  /**
   * @param {string} id
   * @param {string} tag the name of the race, where two are shown
   * @param {Acts} acts
   * @param {boolean} recorded whether the sliders belong to a recording, which cannot be changed
   */
  constructor(id, tag, { commit, dragging, pending }, recorded) {
    this.tag = h('span', { class: 'whose', hidden: true }, tag);
    const sliders = h(recorded ? 'fieldset' : 'div', { class: 'sliders', disabled: recorded });
    this.rows = new SliderRows(
      sliders,
      (slider) =>
        new SliderRow(
          id,
          slider,
          (value) => commit(slider.name, value),
          dragging(slider.name),
          () => pending(slider.name),
          true,
        ),
    );
    this.element = h('div', { class: 'subject', role: 'group', 'data-testid': id }, this.tag, sliders);
  }

  /**
   * @param {Scene | null | undefined} scene
   * @param {boolean} tagged whether there are two races
   */
  update(scene, tagged) {
    const sliders = scene?.sliders ?? [];
    this.element.hidden = !sliders.length;
    this.tag.hidden = !tagged;
    mark(this.element, 'aria-label', tagged ? `${this.tag.textContent} · ${scene?.subject}` : (scene?.subject ?? ''));
    this.rows.update(sliders);
  }
}
