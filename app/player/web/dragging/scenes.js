// Scenes that are requested while a slider of the whole scene is dragged: the server computes each anew.

import { decode } from '../core/envelope.js';

/**
 * @typedef {import('../core/envelope.js').Scene} Scene
 *
 * @typedef {Object} Wish a value of a slider
 * @property {string} name
 * @property {number} value
 * @property {boolean} beside whether the slider is that of the race beside
 * @property {Scene} sent the scene that the change is made to
 *
 * @typedef {Object} Host the player, as far as these scenes concern it
 * @property {Scene | undefined} scene
 * @property {Scene | undefined} sent the last scene that the page's script has sent
 * @property {{phase: string | null} | undefined} predict
 * @property {string | undefined} recording
 * @property {boolean} gone
 * @property {(scene: Scene) => Promise<void>} preview shows a scene until another one is sent
 * @property {() => Promise<void>} putBack shows again the scene that was sent
 */

export class SceneDrag {
  /** The value that is wanted now. @type {Wish | undefined} */
  wanted;
  /** Whether a scene has been requested and is not yet drawn. */
  asking = false;

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
  }

  /**
   * What happens while a slider is dragged.
   * @param {string} name
   * @param {boolean} beside
   * @returns {import('../cards/slider.js').Dragging}
   */
  slider(name, beside) {
    return {
      ready() {},
      show: (stops, place) => {
        this.want(name, stops[place], beside);
        return null;
      },
      back: () => this.putBack(),
    };
  }

  /**
   * @param {string} name
   * @param {number} value
   * @param {boolean} beside
   */
  want(name, value, beside) {
    const { sent, predict, recording } = this.host;
    const slider = (beside ? sent?.beside : sent)?.sliders.find((one) => one.name === name);
    if (!sent?.live || !slider?.live || predict?.phase || recording !== undefined) return;
    this.wanted = { name, value, beside, sent };
    if (!this.asking) this.ask(this.wanted);
  }

  /**
   * Requests a scene and shows it, and then the one that is wanted by that time.
   * @param {Wish} wish
   */
  async ask(wish) {
    const { name, value, beside, sent } = wish;
    this.asking = true;
    try {
      const asked = `&live.name=${encodeURIComponent(name)}&live.value=${value}${beside ? '&live.beside=1' : ''}`;
      const response = await fetch(sent.live.replace('WHAT', 'scene') + asked);
      const scene = response.ok ? decode(new Uint8Array(await response.arrayBuffer())) : null;
      if (scene && this.wanted && this.host.sent === sent && !this.host.gone) await this.host.preview(scene);
    } catch {
      // Without an answer nothing is shown; when the slider is released, the page says why.
    }
    this.asking = false;
    const { wanted } = this;
    if (wanted && wanted !== wish && wanted.sent === this.host.sent) await this.ask(wanted);
  }

  putBack() {
    this.wanted = undefined;
    if (this.host.scene !== this.host.sent) this.host.putBack();
  }
}
