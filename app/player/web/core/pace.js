// What the clock counts: steps, or gradient evaluations, of which a step of some racers costs several.

/** @typedef {import('./envelope.js').Card} Card */

/** How many steps a racer has made when the clock is somewhere, with a fraction of the next. */
export function stepsAt(card, position) {
  return position / (card.pace ?? 1);
}

/** The last whole one of them. */
export function stepAt(card, position) {
  return Math.floor(stepsAt(card, position));
}

/** The word for one of what the clock counts. */
export function unitOf(scene) {
  return scene.axis === 'evaluations' ? 'evaluation' : 'step';
}

/** Gives every card its pace, and the scene its length on the clock. */
export function paced(scene) {
  for (const card of scene.cards) card.pace = scene.axis === 'evaluations' ? card.cost : 1;
  scene.length = scene.steps * Math.max(1, ...scene.cards.map((card) => card.pace));
  return scene;
}
