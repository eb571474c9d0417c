// The interfaces between the stage and its panels. The browser does not load this file.

import type { Scene, Style } from '../core/envelope.js';
import type { Theme } from '../core/theme.js';

/** A part of the stage that follows the clock. */
export interface Follower {
  /** Draws the differences to the previous scene. */
  update(scene: Scene, style: Style, theme: Theme, lit: string | null): Promise<void>;
  paint(position: number): void;
  /** Called after a racer was hidden or shown. */
  remeasure(): void | Promise<void> | undefined;
  settle(position: number): Promise<void>;
  light(id: string | null): void;
  /** Called after the size has changed. */
  look(): Promise<void>;
  /** Called when a racer shows another run while something is dragged. */
  change?(racer: string): void;
  destroy(): void;
}

/** A follower with an element. */
export interface StagePanel extends Follower {
  element: HTMLElement;
}
