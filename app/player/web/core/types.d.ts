// Types that are easier to write here than in JSDoc. The browser does not load this file.

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

/** The arguments of an element: listeners by the names of their events, and attributes. */
export interface Attributes extends Listeners {
  [name: string]: string | number | boolean | null | undefined | ((event: any) => unknown);
}

/** The message of an event to Python, which `read` of app/player/scene.py converts to an `Event`. */
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
  whole?: boolean;
  left?: number;
  right?: number;
  bottom?: number;
  top?: number;
  /** Ascends from event to event; a scene says which event it answers. */
  number?: number;
}

/** The argument that Streamlit passes to a component on every call. */
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
