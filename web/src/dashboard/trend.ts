/** The points of a line over values in time, in a box of this size, the first at its left and zero at its foot. */
export function pointsOf(values: number[], width: number, height: number): string {
  const most = Math.max(1, ...values);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return values.map((value, place) => `${round(place * step)},${round(height - (value / most) * height)}`).join(" ");
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
