// Written by `make docs` from the dataclasses of app/player/scene.py.

/** An array of numbers whose element type is left open. */
export type Numbers = ArrayLike<number>;

export type Kind = 'start' | 'cell' | 'window' | 'parameter' | 'slide' | 'add' | 'remove' | 'duplicate' | 'hide' | 'reset' | 'suggest' | 'explain' | 'inspect' | 'view' | 'option' | 'press' | 'axis' | 'picture' | 'poll' | 'heights' | 'beside' | 'preset' | 'fair' | 'export';

export type AnyMark = Line | Lines | Band | Dots | Sign | Text | Field | Tiles | Cells | Bars | Rule | Graph;

/** A pair of axes and its place in the panel. */
export interface Axes {
  type: 'axes';
  x: Axis;
  y: Axis;
  place: [number, number, number, number];
  equal: boolean;
  title: string;
  color: string;
  racer: string;
}

/** One axis: its range in data units, its scale, and what is written at it. */
export interface Axis {
  type: 'axis';
  low: number;
  high: number;
  scale: 'linear' | 'log';
  title: string;
  percent: boolean;
  whole: boolean;
  grid: boolean;
  numbers: boolean;
  ticks: number[];
  words: string[];
  unit: number;
  limits: [number, number] | null;
  alternatives: Axis[];
}

/** The area between two curves, open above where ``high`` is NaN; it ends where ``low`` is NaN. */
export interface Band {
  type: 'band';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: Numbers;
  low: Numbers;
  high: Numbers;
  color: string;
  time: Numbers | null;
}

/** A histogram of equal bins across the axes, replaced at each moment; the first moment stays as an outline. */
export interface Bars {
  type: 'bars';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  heights: Numbers[];
  time: Numbers;
  color: string;
  captions: string[];
}

/** A button above the axes of a panel, centred at ``x`` in data units; ``label`` says what it does. */
export interface Button {
  type: 'button';
  name: string;
  text: string;
  label: string;
  x: number;
  enabled: boolean;
}

/** The card of a racer: how the racer is drawn, its status, and its sliders. */
export interface Card {
  type: 'card';
  id: string;
  title: string;
  color: string;
  dash: 'solid' | 'dash' | 'dot' | 'dashdot';
  shape: 'circle' | 'square' | 'diamond' | 'triangle-up' | 'circle-open' | 'square-open' | 'diamond-open' | 'triangle-open' | 'star-open' | 'cross' | 'plus' | 'asterisk';
  hidden: boolean;
  status: string;
  why: string;
  caution: string;
  gone: boolean;
  settled: number;
  cost: number;
  suggests: string;
  sliders: Slider[];
}

/** A grid of equal cells that fills a box of the axes: the results of many runs. */
export interface Cells {
  type: 'cells';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  shades: Uint8Array[];
  box: [number, number, number, number];
  colors: string[];
  x: Numbers;
  y: Numbers;
  values: Numbers[];
  names: [string, string];
  unit: string;
  words: [number, string][];
}

/** The clock of a scene, which counts from 0 to ``end``. */
export interface Clock {
  type: 'clock';
  end: number;
  counts: '' | 'steps' | 'evaluations';
  epoch: number;
  unit: string;
}

/** Points. */
export interface Dots {
  type: 'dots';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: Numbers | Numbers[];
  y: Numbers | Numbers[];
  color: string;
  time: Numbers | null;
  future: 'absent' | 'pale';
  symbol: 'circle' | 'square' | 'diamond' | 'triangle-up' | 'circle-open' | 'square-open' | 'diamond-open' | 'triangle-open' | 'star-open' | 'cross' | 'plus' | 'asterisk';
  size: 'tiny' | 'small' | 'normal' | 'large';
  faint: boolean;
  edge: string;
  colors: Numbers | null;
  palette: string[];
  shares: Numbers | null;
  name: string;
  hover: [string, Numbers][];
}

/** The fair race of a page, in which all racers are tuned with the same budget. */
export interface FairRace {
  type: 'fairrace';
  trials: number;
  budgets: number[];
  usual: number;
  words: string;
  progress: number;
  stopped: boolean;
}

/** A function of the plane, as filled contours. */
export interface Field {
  type: 'field';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: Numbers;
  y: Numbers;
  z: Numbers[];
  low: number;
  high: number;
  step: number;
  colors: Record<string, [number, string][]>;
  zero: boolean;
  scale: 'linear' | 'log' | 'signed log';
  ticks: [number, string][];
  title: string;
  corner: 'bottom right' | 'bottom left' | 'top right' | 'top left';
}

/** Nodes that are small square pictures, and edges between them, replaced at each moment. */
export interface Graph {
  type: 'graph';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: Numbers;
  y: Numbers;
  pictures: Uint8Array[][];
  grid: [number, number];
  room: [number, number];
  source: Numbers;
  target: Numbers;
  strengths: Float32Array[];
  time: Numbers;
  palette: [string, string];
  names: string[];
  hover: [string, Numbers[]][];
}

/** What a page is for, and the presets that it offers. */
export interface Guide {
  type: 'guide';
  purpose: string;
  presets: [string, string, string][];
  shown: string;
  about: string;
  changes: string;
  opening: number;
  without: string;
}

/** A symbol that shows where a line is when the clock is at its place, above all marks of its layer. */
export interface Head {
  type: 'head';
  symbol: 'circle' | 'square' | 'diamond' | 'triangle-up' | 'circle-open' | 'square-open' | 'diamond-open' | 'triangle-open' | 'star-open' | 'cross' | 'plus' | 'asterisk';
  outside: 'absent' | 'arrow' | 'upward arrow';
  label: string;
  ending: string;
  ended: number;
}

/** What the shades of cells mean. */
export interface Legend {
  type: 'legend';
  title: string;
  colors: string[];
  ticks: [number, string][];
  keys: [string, string][];
}

/** A curve through points. */
export interface Line {
  type: 'line';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: Numbers;
  y: Numbers | Numbers[];
  color: string;
  time: Numbers | null;
  dash: 'solid' | 'dash' | 'dot' | 'dashdot';
  weight: 'trail' | 'curve' | 'thin' | 'hair';
  future: 'absent' | 'pale';
  jumps: boolean;
  casing: boolean;
  dots: boolean;
  head: Head | null;
  name: string;
  hover: [string, Numbers][];
  heights: Numbers | null;
  follows: '' | 'path' | 'loss';
}

/** Many faint hairlines that share their time: the seeds of a bundle. */
export interface Lines {
  type: 'lines';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: Numbers | Numbers[];
  y: Numbers[];
  color: string;
  time: Numbers | null;
  future: 'absent' | 'pale';
}

/** Words of a note, in a colour where they are a key to colours. */
export interface Note {
  type: 'note';
  text: string;
  color: string;
}

/** A choice that a panel offers beside its title: how the plane of a landscape is chosen. */
export interface Option {
  type: 'option';
  name: string;
  value: string;
  choices: [string, string][];
}

/** One picture of a scene. */
export interface Panel {
  type: 'panel';
  key: string;
  title: string;
  axes: Axes[];
  marks: AnyMark[];
  note: Note[];
  message: string;
  legend: Legend | null;
  option: Option | null;
  buttons: Button[];
  choices: [string, string][];
  spread: 'places' | 'squares';
}

/** The scale of heights of a map in three dimensions. */
export interface Relief {
  type: 'relief';
  kind: 'linear' | 'log' | 'signed log';
  base: number;
  unit: number;
  offset: number;
  floor: boolean;
  heights: string;
}

/** An upright line across the axes, at ``x`` or at the place of the clock. ``label`` stands at its top. */
export interface Rule {
  type: 'rule';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: number;
  clock: boolean;
  dash: 'solid' | 'dash' | 'dot' | 'dashdot';
  color: string;
  label: string;
}

/** The runs that the player shows instead of those of its scene while something is dragged. */
export interface Runs {
  type: 'runs';
  positions: Numbers;
  losses: Numbers;
  steps: Numbers;
  statuses: Record<string, any>[];
  values: Numbers;
}

/** Everything that a rerun of the page passes to the player. */
export interface Scene {
  type: 'scene';
  panels: Panel[];
  cards: Card[];
  clock: Clock;
  arrangement: 'one above' | 'two below' | 'one beside' | 'side by side';
  choices: [string, string][];
  addable: [string, string][];
  sliders: Slider[];
  subject: string;
  caption: string;
  description: string;
  busy: boolean;
  picture: string;
  relief: Relief | null;
  beside: Scene | null;
  linked: boolean;
  inspected: Record<string, any> | null;
  live: string;
  guide: Guide | null;
  fair: FairRace | null;
  fixed: boolean;
}

/** Symbols with a meaning, ``name``: critical points, the start. Shapes: ``x`` and ``y`` (k,). */
export interface Sign {
  type: 'sign';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: Numbers;
  y: Numbers;
  symbol: 'circle' | 'square' | 'diamond' | 'triangle-up' | 'circle-open' | 'square-open' | 'diamond-open' | 'triangle-open' | 'star-open' | 'cross' | 'plus' | 'asterisk';
  name: string;
  handle: boolean;
}

/** A slider of a card, for one number. */
export interface Slider {
  type: 'slider';
  name: string;
  symbol: string;
  label: string;
  value: number;
  stops: Numbers;
  sweep: string;
  low: number | null;
  high: number | null;
  allowed: string;
  help: string;
  live: boolean;
  suggested: number | null;
}

/** Words at a place, on one side of it. */
export interface Text {
  type: 'text';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  x: number | Numbers;
  y: number | Numbers;
  words: string[];
  time: Numbers | null;
  side: 'top left' | 'top center' | 'top right' | 'middle left' | 'middle center' | 'middle right' | 'bottom left' | 'bottom center' | 'bottom right';
  color: string;
  within: boolean;
  italic: boolean;
  bold: boolean;
  backing: boolean;
}

/** A picture of cells that fills the axes, replaced at each moment. */
export interface Tiles {
  type: 'tiles';
  axes: number;
  racer: string;
  layer: 'ground' | 'under' | 'trail' | 'over';
  values: Uint8Array[][];
  time: Numbers;
  color: string;
  classes: Uint8Array[][] | null;
  palette: string[];
  smooth: boolean;
  numbers: boolean;
  names: string[];
  score: Numbers | null;
}
