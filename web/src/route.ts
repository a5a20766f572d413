// What the address shows: the overview, or one municipality (#/m/chinautla).

export type Route =
  | { view: "overview" }
  | { view: "municipality"; slug: string }
  | { view: "unknown" };

export function parseRoute(hash: string): Route {
  if (hash === "" || hash === "#" || hash === "#/") return { view: "overview" };
  const found = /^#\/m\/([^/]+)\/?$/.exec(hash);
  if (found?.[1] === undefined) return { view: "unknown" };
  try {
    return { view: "municipality", slug: decodeURIComponent(found[1]) };
  } catch {
    return { view: "unknown" }; // A stray per cent sign.
  }
}

export const hashOf = (slug: string): string => `#/m/${encodeURIComponent(slug)}`;
