// Types that are easier to write here than in JSDoc. Nothing of this reaches the browser.

/** The part of plotly.js that the player uses. */
export interface Plotly {
  react(plot: HTMLElement, traces: object[], layout: object, config?: object): Promise<unknown>;
  newPlot(plot: HTMLElement, traces: object[], layout: object, config?: object): Promise<unknown>;
  relayout(plot: HTMLElement, changes: Record<string, unknown>): Promise<unknown>;
  restyle(plot: HTMLElement, changes: Record<string, unknown>, traces?: number[]): Promise<unknown>;
  toImage(figure: object, options: { format: string; width: number; height: number; scale?: number }): Promise<string>;
  purge(plot: HTMLElement): void;
}

type Listeners = { [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => unknown };

/** What an element is built with: listeners by the names of their events, and attributes. */
export interface Attributes extends Listeners {
  [name: string]: string | number | boolean | null | undefined | ((event: any) => unknown);
}

/** What the user did, on its way to Python: `Event` of app/player/scene.py. */
export interface PlayerEvent {
  kind: string;
  racer?: string;
  name?: string;
  value?: number;
  x?: number;
  y?: number;
  hidden?: boolean;
  slot?: number;
  beside?: boolean;
}

/** What Streamlit hands to a component on every call. */
export interface Component {
  parentElement: HTMLElement;
  data: Uint8Array;
  setTriggerValue(name: string, value: unknown): void;
}

declare global {
  interface Window {
    /** plotly.js, Streamlit's own or ours. */
    Plotly?: Plotly;
    /** For tests. */
    optiscope?: unknown;
  }
}
