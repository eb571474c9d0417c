// Written by `make docs` from the dataclasses of app/player/scene.py.

/** A typed array whose element type is chosen by the code that made it. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

export type Kind = 'start' | 'parameter' | 'add' | 'remove' | 'duplicate' | 'hide' | 'explain' | 'inspect' | 'view' | 'option' | 'axis' | 'picture' | 'poll' | 'heights' | 'beside';

/** Panels of any kind on one clock, with cards. */
export interface Board {
  slots: Slot[];
  styles: Record<string, Record<string, any>>;
  cards: Card[];
  steps: number;
  choices: [string, string][];
  caption: string;
  description: string;
  busy: boolean;
}

/** One racer: how it is drawn, what is said of it, and the sliders it offers. */
export interface Card {
  id: string;
  title: string;
  color: string;
  dash: string;
  shape: string;
  hidden: boolean;
  status: string;
  why: string;
  gone: boolean;
  last: number;
  leaves: number;
  settled: number;
  cost: number;
  sliders: Slider[];
}

/** Runs that the player may show in the place of those of its scene, while something is dragged. */
export interface Runs {
  positions: Numbers;
  losses: Numbers;
  steps: Numbers;
  told: Record<string, any>[];
  values: Numbers;
}

/** Everything one rerun hands to the player. */
export interface Scene {
  map: Record<string, any>;
  curve: Record<string, any>;
  styles: Record<string, Record<string, any>>;
  cards: Card[];
  positions: Numbers;
  losses: Numbers;
  start: [number, number];
  window: [[number, number], [number, number]];
  choices: [string, string][];
  slots: Slot[];
  inspected: Record<string, any> | null;
  bundle: Record<string, any> | null;
  views: [string, string][];
  axis: string;
  live: string;
  caption: string;
  description: string;
  picture: string;
  heights: string;
  scale: Record<string, any>;
  beside: Scene | null;
  linked: boolean;
}

/** One adjustable number of a card. */
export interface Slider {
  name: string;
  symbol: string;
  label: string;
  value: number;
  stops: Numbers;
  sweep: string;
}

/** One panel of a board: which of the `choices` (key, name) it shows, its plotly figure and what moves on it. */
export interface Slot {
  key: string;
  choices: [string, string][];
  panel: Record<string, any>;
  title: string;
}
