/** How strongly racers are drawn, and in which order. */

/** Heads may reach this far over the edge of the plot. */
export const BLEED = 9;
export const DIM = 0.22;

/** How strongly a racer is drawn, where one may be lit. */
export function emphasis(lit, card) {
  return lit === null || lit === card.id ? 1 : DIM;
}

/** The order of drawing: a run that leaves crosses the whole frame, and goes below those that stay. */
export function order(cards) {
  const all = cards.map((_, k) => k);
  return [...all.filter((k) => cards[k].gone), ...all.filter((k) => !cards[k].gone)];
}
