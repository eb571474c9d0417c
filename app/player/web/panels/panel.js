// What the stage asks of everything that stands on it and follows the clock.

/**
 * @typedef {Object} Follower
 * @property {(scene: import('../core/envelope.js').Scene, style: import('../core/envelope.js').Style,
 *   theme: import('../core/theme.js').Theme, lit: string | null) => Promise<void>} update draws what changed
 * @property {(position: number) => void} paint
 * @property {() => void | Promise<void> | undefined} remeasure after a racer was hidden or shown
 * @property {(position: number) => Promise<void>} settle
 * @property {(id: string | null) => void} light
 * @property {() => Promise<void>} look after the size changed
 * @property {(racer: string) => void} [change] a racer shows another run while something is dragged
 * @property {() => void} destroy
 *
 * @typedef {Follower & {element: HTMLElement}} StagePanel one that has a place of its own
 */

export {};
