// Where things are on the map. Pure.

import atlas from "virtual:departments";

export { atlas };

/** Left, top, width, height, in the map's units. */
export type Box = readonly [number, number, number, number];

export const WHOLE: Box = [0, 0, atlas.width, atlas.height];

const ratio = atlas.width / atlas.height;
const MARGIN = 0.12;

/** The box with room around it, in the shape of the whole map. */
export function withMargin([left, top, width, height]: Box): Box {
  const wide = Math.max(width, height * ratio) * (1 + 2 * MARGIN);
  const high = wide / ratio;
  return [
    Math.round(left + width / 2 - wide / 2),
    Math.round(top + height / 2 - high / 2),
    Math.round(wide),
    Math.round(high),
  ];
}

/** A place's position; null when it is unknown, or not on the map. */
export function positionOf(place: {
  lat: number | null;
  lon: number | null;
}): [number, number] | null {
  if (place.lat === null || place.lon === null) return null;
  const x = Math.round((place.lon - atlas.west) * atlas.xScale);
  const y = Math.round((atlas.north - place.lat) * atlas.yScale);
  return x < 0 || y < 0 || x > atlas.width || y > atlas.height ? null : [x, y];
}
