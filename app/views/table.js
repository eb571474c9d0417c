// The table of the Tests page, as a Streamlit component: a cell for each test and optimizer. Cells that exist are
// updated in place, so that focus and scroll position survive while results come in.

/**
 * @typedef {Object} Row
 * @property {string} key
 * @property {string} name
 * @property {string} about
 * @property {string} group the difficulty; a new one begins a section
 *
 * @typedef {Object} Column
 * @property {string} key
 * @property {string} name
 *
 * @typedef {Object} Data
 * @property {string} head what stands above the names of the tests
 * @property {Row[]} rows
 * @property {Column[]} columns
 * @property {number[][]} shares the share of settings that solve each test, by rows; −1 where there is none yet
 * @property {string[][]} texts what stands in the cells
 * @property {string[][]} words what screen readers say of the cells, and pointers show
 * @property {[string, string]} picked the test and the optimizer of the run that is played
 * @property {[string, string]} sorted the optimizer by which rows are sorted, and the test by which columns are
 *
 * @typedef {Object} Component
 * @property {Data} data
 * @property {HTMLElement} parentElement
 * @property {(name: string, value: unknown) => void} setTriggerValue
 *
 * @typedef {Object} Table
 * @property {HTMLElement} box
 * @property {string} shape identifies the rows and columns that were built
 * @property {HTMLTableCellElement[][]} cells
 * @property {Component} component the last call
 */

/** The room for the names of tests, and the widest that a column becomes, in units of the letters. */
const [NAMES, WIDEST] = [14, 4.5];

/** @type {WeakMap<HTMLElement, Table>} */
const tables = new WeakMap();

/**
 * Called by Streamlit on mount, and again with the same parent whenever the data change.
 * @param {Component} component
 */
export default function show(component) {
  const { data, parentElement: parent } = component;
  let table = tables.get(parent);
  if (!table || !parent.contains(table.box)) {
    table = { box: document.createElement('div'), shape: '', cells: [], component };
    tables.set(parent, table);
    table.box.className = 'matrix-box';
    table.box.role = 'region';
    table.box.ariaLabel = 'Share of settings that solve each test';
    parent.append(table.box);
    const { box } = table;
    box.addEventListener('click', (event) => act(event, tables.get(parent)));
    box.addEventListener('keydown', (event) => move(event, box));
    box.addEventListener('focusin', ({ target }) => target instanceof HTMLButtonElement && rove(box, target));
  }
  table.component = component;
  const shape = JSON.stringify([data.rows, data.columns, data.sorted]);
  if (shape !== table.shape) build(table, data, shape);
  data.rows.forEach((row, i) => data.columns.forEach((column, j) => fill(table, data, i, j, row, column)));
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * A heading that sorts the table.
 * @param {string} kind
 * @param {string} key
 * @param {string} name
 * @param {string} title
 */
const heading = (kind, key, name, title) =>
  element('button', { type: 'button', tabindex: '-1', [`data-${kind}`]: key, title }, element('span', {}, name));

/**
 * @param {Table} table
 * @param {Data} data
 * @param {string} shape
 */
function build(table, data, shape) {
  const [byRule, byTest] = data.sorted;
  const place = [table.box.scrollTop, table.box.scrollLeft];
  const heads = data.columns.map(({ key, name }) => {
    const words = `${name}: sort the tests by its share`;
    const head = element('th', { scope: 'col' }, heading('column', key, name, words));
    if (key === byRule) head.ariaSort = 'descending';
    return head;
  });
  const head = element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, data.head), ...heads));
  /** @type {HTMLElement[]} */
  const bodies = [];
  let group = '';
  table.cells = data.rows.map((row, i) => {
    if (row.group !== group || !bodies.length) {
      group = row.group;
      const width = String(data.columns.length + 1);
      const title = element('th', { scope: 'rowgroup', colspan: width }, element('span', {}, group));
      bodies.push(element('tbody', {}, ...(group ? [element('tr', { class: 'group' }, title)] : [])));
    }
    const name = element('th', { scope: 'row' }, heading('row', row.key, row.name, row.about));
    if (row.key === byTest) name.dataset.sorted = 'true';
    const cells = data.columns.map((_, j) => {
      const button = element('button', { type: 'button', tabindex: '-1', 'data-cell': `${i},${j}` });
      return /** @type {HTMLTableCellElement} */ (element('td', {}, button));
    });
    bodies[bodies.length - 1].append(element('tr', {}, name, ...cells));
    return cells;
  });
  const made = element('table', { class: 'matrix', 'data-testid': 'matrix' }, head, ...bodies);
  made.style.maxWidth = `${NAMES + WIDEST * data.columns.length}rem`;
  table.box.replaceChildren(made);
  [table.box.scrollTop, table.box.scrollLeft] = place;
  const first = table.box.querySelector('button');
  if (first) rove(table.box, first);
  table.shape = shape;
}

/**
 * @param {Table | undefined} table
 * @param {Data} data
 * @param {number} i
 * @param {number} j
 * @param {Row} row
 * @param {Column} column
 */
function fill(table, data, i, j, row, column) {
  const cell = table?.cells[i][j];
  const button = cell?.firstElementChild;
  if (!cell || !(button instanceof HTMLButtonElement)) return;
  const share = data.shares[i][j];
  if (button.textContent !== data.texts[i][j]) button.textContent = data.texts[i][j];
  const words = `${data.texts[i][j]}: ${column.name}, ${row.name}: ${data.words[i][j]}`; // begins with what is seen
  if (button.title !== words) button.title = button.ariaLabel = words;
  const picked = data.picked[0] === row.key && data.picked[1] === column.key;
  if (button.ariaPressed !== String(picked)) button.ariaPressed = String(picked);
  cell.style.setProperty('--share', String(Math.sqrt(Math.max(0, share))));
  cell.dataset.state = share < 0 ? 'missing' : share === 0 ? 'none' : 'some';
}

/**
 * Reports a click to the page.
 * @param {Event} event
 * @param {Table | undefined} table
 */
function act(event, table) {
  const button = event.target instanceof Element ? event.target.closest('button') : null;
  if (!table || !button) return;
  const { data, setTriggerValue } = table.component;
  const { cell, row, column } = button.dataset;
  if (cell) {
    const [i, j] = cell.split(',').map(Number);
    setTriggerValue('pick', [data.rows[i].key, data.columns[j].key]);
  } else if (column) setTriggerValue('rows', column);
  else if (row) setTriggerValue('columns', row);
}

/** Steps of the arrow keys, in rows and columns. @type {Record<string, [number, number]>} */
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * Moves the focus by the arrow keys.
 * @param {KeyboardEvent} event
 * @param {HTMLElement} box
 */
function move(event, box) {
  const step = ARROWS[event.key];
  const here = document.activeElement;
  if (!step || !(here instanceof HTMLButtonElement) || !box.contains(here)) return;
  const rows = [...box.querySelectorAll('tr:not(.group)')].map((row) => [...row.children]);
  const i = rows.findIndex((row) => row.some((cell) => cell.contains(here)));
  const j = rows[i].findIndex((cell) => cell.contains(here));
  const next = rows[i + step[0]]?.[j + step[1]]?.querySelector('button');
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

/**
 * Lets the Tab key reach one button of the table: the last one with the focus.
 * @param {HTMLElement} box
 * @param {HTMLButtonElement} button
 */
function rove(box, button) {
  for (const other of box.querySelectorAll('button[tabindex="0"]')) other.setAttribute('tabindex', '-1');
  button.setAttribute('tabindex', '0');
}
