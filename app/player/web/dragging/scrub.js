// Dragging over a plot moves the playhead.

/**
 * @param {HTMLElement} plot
 * @param {(x: number, y: number) => import('../core/geometry.js').Frame | undefined} under the frame at a place of the plot
 * @param {(step: number) => void} scrub
 */
export function scrubbing(plot, under, scrub) {
  let held;
  let pointer;
  const drag = (event) => {
    const pixel = event.clientX - plot.getBoundingClientRect().left - held.left;
    scrub((pixel - held.x.offset) / held.x.slope);
  };
  plot.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    const { left, top } = plot.getBoundingClientRect();
    held = under(event.clientX - left, event.clientY - top);
    if (!held) return;
    pointer = event.pointerId;
    plot.setPointerCapture(pointer);
    drag(event);
  });
  plot.addEventListener('pointermove', (event) => pointer === event.pointerId && drag(event));
  for (const end of ['pointerup', 'pointercancel']) {
    plot.addEventListener(end, () => (pointer = undefined));
  }
}
