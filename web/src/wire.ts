// What the server sends, as api/openapi.yaml describes it. Names are those of the wire.

export interface Range {
  min: number | null;
  max: number | null;
}

export interface Extremes {
  temperature: Range;
  humidity: Range;
}

/** A municipality's figures, as a snapshot of the stream has them. */
export interface Figures {
  slug: string;
  count: number;
  avg_temperature: number | null;
  avg_humidity: number | null;
  extremes: Extremes;
  by_condition: Record<string, number>;
  most_common: string | null;
  least_common: string | null;
  last_report_at: string | null;
}

/** What the catalogue knows of a municipality; null where it does not. */
export interface Place {
  slug: string;
  name: string | null;
  department: string | null;
  lat: number | null;
  lon: number | null;
}

export interface Snapshot {
  number: number;
  timestamp: number;
  notice?: string;
  total_processed: number;
  counts_by_weather: Record<string, number>;
  extremes: Extremes;
  municipalities: Figures[];
}

export interface Stale {
  since: number;
  detail: string;
}

export interface Mean extends Range {
  mean: number | null;
}

export interface HistoryPoint {
  at: string;
  count: number;
  temperature: Mean | null;
  humidity: Mean | null;
}

export interface History {
  municipality: string;
  from: string;
  to: string;
  step: number;
  points: HistoryPoint[];
}

export interface Report {
  id: string;
  municipality: string;
  temperature?: number | null;
  humidity?: number | null;
  weather?: string | null;
  at: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  allowed?: string[];
}
