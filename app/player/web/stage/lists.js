// Keeps a list of Streamlit open that is opened while the box round it still scrolls. Streamlit closes an open list when
// something scrolls, because the list would not move with its field.

const BOX = '[data-testid="stPopoverBody"]';
const FIELD = '[role="combobox"], [data-baseweb="select"]';
/** Milliseconds after the press for which the box stands still. */
const STILL = 400;

export class Lists {
  /** The box that stands still. @type {Element | null} */
  box = null;
  /** How far it is scrolled. */
  top = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  ended = new AbortController();

  listen() {
    const { signal } = this.ended;
    window.addEventListener('pointerdown', (event) => this.press(event), { capture: true, signal });
    window.addEventListener('scroll', (event) => this.scroll(event), { capture: true, signal });
    window.addEventListener('wheel', (event) => this.wheel(event), { passive: false, capture: true, signal });
  }

  /** @param {Event} event a press of the pointer */
  press(event) {
    const target = event.target instanceof Element ? event.target : null;
    const box = target?.closest(FIELD) && target.closest(BOX);
    if (!box) return;
    this.box = box;
    this.top = box.scrollTop;
    box.scrollTo({ top: this.top, behavior: 'instant' });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.box = null), STILL);
  }

  /**
   * Stops a movement of the wheel.
   * @param {Event} event
   */
  wheel(event) {
    if (this.box?.contains(/** @type {Node} */ (event.target))) event.preventDefault();
  }

  /**
   * Hides from Streamlit that the box has scrolled before the press.
   * @param {Event} event
   */
  scroll(event) {
    if (event.target === this.box && this.box?.scrollTop === this.top) event.stopImmediatePropagation();
  }

  destroy() {
    clearTimeout(this.timer);
    this.ended.abort();
  }
}
