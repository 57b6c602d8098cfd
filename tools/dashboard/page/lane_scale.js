// @ts-check
/**
 * Where things are on a lane. Pure.
 *
 * The committed offset is in the same place on every lane. Left of it are the latest verdicts, one cell each; right of it
 * is what waits, on a scale where each step is ten times more: one record can be seen, and so can ten millions.
 */

/**
 * @typedef {object} LaneScale
 * @property {number} width
 * @property {number} history where the cells begin; left of it is the older part of the log
 * @property {number} cells how many fit
 * @property {number} pitch of the cells
 * @property {number} committed
 * @property {number} right the end of the scale
 * @property {number} decades
 */

/** The scale of a lane that is never so far behind has this many steps: it does not change with every order. */
const LEAST_DECADES = 3;
const EDGE = 14;
/** Room for the figure of a step. */
const STEP_WIDTH = 34;

/** @param {number} width in pixels @param {number} mostLag of all lanes @param {number} marks most that are shown @returns {LaneScale} */
export function laneScale(width, mostLag, marks) {
  const pitch = width > 900 ? 8 : width > 600 ? 7 : 5;
  const history = Math.round(Math.min(64, width * 0.07));
  const cells = Math.max(8, Math.min(marks, Math.floor((width * 0.56 - history) / pitch)));
  const decades = Math.max(LEAST_DECADES, Math.ceil(Math.log10(1 + mostLag)));
  return { width, history, cells, pitch, committed: history + cells * pitch + 3, right: width - EDGE, decades };
}

/** @param {LaneScale} scale @param {number} lag */
export function lagX({ committed, right, decades }, lag) {
  return committed + (right - committed) * Math.min(1, Math.log10(1 + Math.max(0, lag)) / decades);
}

/** The left edge of the cell that is `age` verdicts before the newest. @param {LaneScale} scale @param {number} age */
export function cellX({ committed, pitch }, age) {
  return committed - 2 - (age + 1) * pitch;
}

/** Steps of the scale that have room for their figures: 0, 1, 10, 100… @param {LaneScale} scale */
export function steps({ committed, right, decades }) {
  const every = Math.max(1, Math.ceil(STEP_WIDTH / ((right - committed) / decades)));
  const powers = Array.from({ length: decades + 1 }, (_, power) => power);
  return [
    0,
    ...powers.filter((power) => (decades - power) % every === 0 && (power > 0 || every === 1)).map((power) =>
      10 ** power
    ),
  ];
}
