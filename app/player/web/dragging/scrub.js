// A drag over a plot moves the playhead.

/** @typedef {import('../core/geometry.js').Frame & {left: number}} PlacedFrame */

/**
 * @param {HTMLElement} plot
 * @param {(x: number, y: number) => PlacedFrame | undefined} under the frame at a place of the plot, if there is one
 * @param {(step: number) => void} scrub
 */
export function scrubbing(plot, under, scrub) {
  /** @type {{frame: PlacedFrame, pointer: number} | undefined} */
  let held;
  plot.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    const { left, top } = plot.getBoundingClientRect();
    const frame = under(event.clientX - left, event.clientY - top);
    if (!frame) return;
    held = { frame, pointer: event.pointerId };
    plot.setPointerCapture(event.pointerId);
    scrub(stepUnder(event, plot, frame));
  });
  plot.addEventListener('pointermove', (event) => {
    if (held?.pointer === event.pointerId) scrub(stepUnder(event, plot, held.frame));
  });
  for (const end of ['pointerup', 'pointercancel']) {
    plot.addEventListener(end, () => {
      held = undefined;
    });
  }
}

/**
 * The value of the x axis under the pointer.
 * @param {PointerEvent} event
 * @param {HTMLElement} plot
 * @param {PlacedFrame} frame
 */
function stepUnder(event, plot, { left, x }) {
  return (event.clientX - plot.getBoundingClientRect().left - left - x.offset) / x.slope;
}
