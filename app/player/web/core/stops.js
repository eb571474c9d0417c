// Finds a stop among those that the server sends with a slider.

/**
 * The index of the stop that is nearest to a value.
 * @param {ArrayLike<number>} stops ascending
 * @param {number} value
 */
export function nearest(stops, value) {
  let [low, high] = [0, stops.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (stops[middle] <= value) low = middle;
    else high = middle;
  }
  return value - stops[low] <= stops[high] - value ? low : high;
}
