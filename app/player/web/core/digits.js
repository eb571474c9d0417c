// Numbers in the one format of pages, tables and sentences, as surfaces/digits.py writes them.

/** Powers of ten between which numbers are written without one. */
const [SMALLEST, LARGEST] = [-4, 6];
const RAISED = { '-': '⁻', ...Object.fromEntries([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((raised, digit) => [digit, raised])) };
const LOWERED = Object.fromEntries(Object.entries(RAISED).map(([plain, raised]) => [raised, plain]));

/**
 * A number to so many significant digits: 0.05, 10,000, −1.2·10⁻⁷.
 * @param {number} value
 * @param {number} [digits]
 * @param {boolean} [padded] whether zeros at its end stay, so that numbers in a column are equally long
 */
export function short(value, digits = 6, padded = false) {
  if (Number.isNaN(value)) return 'not a number';
  const sign = value < 0 ? '−' : '';
  if (!Number.isFinite(value)) return `${sign}∞`;
  if (value === 0) return '0';
  const size = Math.abs(value);
  // the same text without the work below, for the thousands of numbers that wait for the pointer
  if (!padded && digits <= 15 && size >= 1e-4 && size < 100) return sign + String(Number(size.toPrecision(digits)));
  const [mantissa, exponent] = size.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  const trim = (text) => (padded || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
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

/** A share in percent: 15.2 %. */
export function percent(share, digits = 3) {
  return `${short(100 * share, digits)} %`;
}

/**
 * The number that a text means: one of those that `short` writes, or one as people and programs type it, with a
 * decimal point or comma.
 * @param {string} text
 * @returns {number} not a number where the text is none
 */
export function parsed(text) {
  let plain = text.trim().replace(/[−–]/g, '-');
  plain = plain.replace(/^(-?)(?:([\d.,]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/, (_, sign, mantissa = '1', power) => {
    return `${sign}${mantissa}e${[...power].map((character) => LOWERED[character]).join('')}`;
  });
  // a comma stands between thousands where it can, and before decimals elsewhere
  if (/^-?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(plain)) plain = plain.replaceAll(',', '');
  plain = plain.replace(',', '.');
  return plain === '' ? NaN : Number(plain);
}
