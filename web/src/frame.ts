// What one rendering shows: computed once for each snapshot, read by every view.

import type { Link } from "./link.ts";
import {
  type Catalogue,
  type Department,
  departments,
  type Municipality,
  reporting,
} from "./merge.ts";
import type { Rates } from "./rates.ts";
import type { Received } from "./stream.ts";
import type { Snapshot } from "./wire.ts";

export interface Frame {
  link: Link;
  snapshot: Snapshot | undefined;
  /** Milliseconds of Unix time by the server's clock, as far as it is known. */
  serverNow: number;
  /** Those with reports, by slug. */
  municipalities: readonly Municipality[];
  departments: readonly Department[];
  catalogue: Catalogue;
  catalogueKnown: boolean;
  rates: Rates;
}

export interface View {
  readonly element: HTMLElement;
  update(frame: Frame): void;
  dispose?(): void;
}

export class Frames {
  catalogue: Catalogue = new Map();
  catalogueKnown = false;
  private joined:
    | { from: Snapshot; catalogue: Catalogue; all: Municipality[]; by: Department[] }
    | undefined;

  constructor(private readonly rates: Rates) {}

  make(link: Link, latest: Received | undefined, now: number): Frame {
    const snapshot = latest?.snapshot;
    if (
      snapshot !== undefined &&
      (this.joined?.from !== snapshot || this.joined.catalogue !== this.catalogue)
    ) {
      const all = reporting(snapshot, this.catalogue);
      this.joined = { from: snapshot, catalogue: this.catalogue, all, by: departments(all) };
    }
    return {
      link,
      snapshot,
      serverNow:
        latest === undefined ? Date.now() : latest.snapshot.timestamp * 1000 + (now - latest.at),
      municipalities: this.joined?.all ?? [],
      departments: this.joined?.by ?? [],
      catalogue: this.catalogue,
      catalogueKnown: this.catalogueKnown,
      rates: this.rates,
    };
  }
}
