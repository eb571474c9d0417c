// The projection from a three-dimensional scene of plotly to pixels, with the scene's camera. `glplot`, `cameraParams`
// and `dataScale` are internals of plotly.js. A test compares the result with a real trace.

/**
 * @typedef {Object} Camera
 * @property {Float64Array} matrix the matrix from data to clip space, by columns
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 */

/**
 * @param {any} plot
 * @returns {any} plotly's scene; undefined before it is drawn
 */
export function sceneOf(plot) {
  return plot._fullLayout?.scene?._scene;
}

/**
 * @param {any} plot a plotly figure with one scene
 * @returns {Camera | null} null before the figure is drawn
 */
export function cameraOf(plot) {
  const scene = sceneOf(plot);
  if (!scene?.glplot?.cameraParams) return null;
  const { projection, view, model } = scene.glplot.cameraParams;
  const matrix = times(times(projection, view), model);
  for (let column = 0; column < 3; column++) {
    for (let row = 0; row < 4; row++) matrix[4 * column + row] *= scene.dataScale[column];
  }
  const { offsetLeft: left, offsetTop: top, clientWidth: width, clientHeight: height } = scene.container;
  return { matrix, left, top, width, height };
}

/**
 * The product of two 4 × 4 matrices, by columns.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
function times(a, b) {
  const out = new Float64Array(16);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      for (let k = 0; k < 4; k++) out[4 * column + row] += a[4 * k + row] * b[4 * column + k];
    }
  }
  return out;
}

/**
 * The pixels of points; NaN for points behind the camera.
 * @param {ArrayLike<number>} points x, y, z, x, y, z, …
 * @param {Camera} camera
 * @returns {Float64Array} x, y, x, y, …
 */
export function toScreen(points, { matrix: m, width, height }) {
  const out = new Float64Array((2 * points.length) / 3);
  for (let i = 0, k = 0; i < points.length; i += 3, k += 2) {
    const x = points[i];
    const y = points[i + 1];
    const z = points[i + 2];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    const ahead = w > 1e-9;
    out[k] = ahead ? (0.5 + (0.5 * (m[0] * x + m[4] * y + m[8] * z + m[12])) / w) * width : NaN;
    out[k + 1] = ahead ? (0.5 - (0.5 * (m[1] * x + m[5] * y + m[9] * z + m[13])) / w) * height : NaN;
  }
  return out;
}
