// What the stage asks of the panels that stand on it. Nothing of this reaches the browser.

import type { Scene, Style } from '../core/envelope.js';
import type { Theme } from '../core/theme.js';

/** Whatever follows the clock of the stage. */
export interface Follower {
  /** Draws what changed. */
  update(scene: Scene, style: Style, theme: Theme, lit: string | null): Promise<void>;
  paint(position: number): void;
  /** After a racer was hidden or shown. */
  remeasure(): void | Promise<void> | undefined;
  settle(position: number): Promise<void>;
  light(id: string | null): void;
  /** After the size changed. */
  look(): Promise<void>;
  /** A racer shows another run while something is dragged. */
  change?(racer: string): void;
  destroy(): void;
}

/** A follower that has a place of its own. */
export interface StagePanel extends Follower {
  element: HTMLElement;
}
