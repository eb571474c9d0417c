// The format of numbers on all pages, which is the same as that of surfaces/digits.py.

/** Numbers between these powers of ten are written without a power of ten. */
const [SMALLEST, LARGEST] = [-4, 6];
/** @type {Record<string, string>} */
const RAISED = { '-': '⁻', ...Object.fromEntries([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((raised, digit) => [digit, raised])) };
/** @type {Record<string, string>} */
const LOWERED = Object.fromEntries(Object.entries(RAISED).map(([plain, raised]) => [raised, plain]));

/**
 * A number as text: 0.05, 10,000, −1.2·10⁻⁷.
 * @param {number} value
 * @param {number} [digits] the number of significant digits
 * @param {boolean} [padded] whether zeros at the end stay, so that numbers in a column are equally long
 * @returns {string}
 */
export function short(value, digits = 6, padded = false) {
  if (Number.isNaN(value)) return 'not a number';
  const sign = value < 0 ? '−' : '';
  if (!Number.isFinite(value)) return `${sign}∞`;
  if (value === 0) return '0';
  const size = Math.abs(value);
  // A shortcut to the same text, for the thousands of numbers in the labels under the pointer.
  if (!padded && digits <= 15 && size >= 1e-4 && size < 100) return sign + String(Number(size.toPrecision(digits)));
  const [mantissa, exponent] = size.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  const trim = (/** @type {string} */ text) => (padded || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
  if (power < SMALLEST || power > LARGEST) {
    const base = `10${[...String(power)].map((character) => RAISED[character]).join('')}`;
    return sign + (trim(mantissa) === '1' ? base : `${trim(mantissa)}·${base}`);
  }
  const figures = mantissa.replace('.', '');
  if (power < 0) return sign + trim(`0.${'0'.repeat(-power - 1)}${figures}`);
  const whole = figures
    .slice(0, power + 1)
    .padEnd(power + 1, '0')
    .replace(/\B(?=(\d{3})+$)/g, ',');
  const rest = figures.slice(power + 1);
  return sign + trim(rest ? `${whole}.${rest}` : whole);
}

/**
 * A fraction as a percentage: 15.2 %.
 * @param {number} share
 * @param {number} [digits]
 */
export function percent(share, digits = 3) {
  return `${short(100 * share, digits)} %`;
}

/**
 * The number that a text stands for, as `short` writes it or as people and programs type it, with a decimal point or
 * a decimal comma.
 * @param {string} text
 * @returns {number} NaN for a text that is not a number
 */
export function parsed(text) {
  let plain = text.trim().replace(/[−–]/g, '-');
  plain = plain.replace(/^(-?)(?:([\d.,]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/, (_, sign, mantissa = '1', power) => {
    return `${sign}${mantissa}e${[...power].map((character) => LOWERED[character]).join('')}`;
  });
  // A comma separates thousands wherever it can, and decimals elsewhere.
  if (/^-?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(plain)) plain = plain.replaceAll(',', '');
  plain = plain.replace(',', '.');
  return plain === '' ? NaN : Number(plain);
}
