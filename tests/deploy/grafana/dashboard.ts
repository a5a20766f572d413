// What a dashboard of deploy/grafana may hold: Grafana's own published types (classic JSON, @grafana/schema), with the
// options of each panel in place of its "unknown", and strict shapes for the queries, for which Grafana has none.
// check.mjs makes a JSON Schema of each exported type, in which nothing is allowed that is not named; a panel is held
// to the type of its own name, a query to that of its data source.
import type * as barGauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as pieChart from '@grafana/schema/dist/esm/raw/composable/piechart/panelcfg/x/PieChartPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type * as grafana from '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen';

type Prometheus = { type: 'prometheus'; uid: 'chaac-prometheus' };
type Infinity = { type: 'yesoreyeram-infinity-datasource'; uid: 'chaac-api' };
type Redis = { type: 'redis-datasource'; uid: 'chaac-valkey' };

export interface TargetPrometheus {
  datasource: Prometheus;
  editorMode: 'code';
  /** @minLength 1 */
  expr: string;
  format: 'time_series';
  instant: boolean;
  legendFormat?: string;
  range: boolean;
  refId: string;
}

// The fields of the plugin's own src/types/query.types.ts.
export interface TargetInfinity {
  columns: Array<{
    selector: string;
    text: string;
    type: 'string' | 'number' | 'timestamp';
  }>;
  datasource: Infinity;
  filters: [];
  format: 'table' | 'timeseries';
  parser: 'backend';
  refId: string;
  root_selector: string;
  source: 'url';
  type: 'json';
  /** @pattern ^/ */
  url: string;
  url_options: { data: ''; method: 'GET' };
}

// The fields of the plugin's own src/redis/types.ts, and the commands of its src/redis/redis.ts.
export type TargetRedis =
  | {
      command: 'get' | 'hgetall' | 'llen';
      datasource: Redis;
      /** @minLength 1 */
      keyName: string;
      query: '';
      refId: string;
      type: 'command';
    }
  | { datasource: Redis; query: string; refId: string; type: 'cli' };

// A unit, a description and words for "no data" on every panel.
type Defaults<Custom> = Omit<grafana.FieldConfig, 'custom' | 'noValue' | 'unit'> & {
  custom?: Custom;
  /** @minLength 3 */
  noValue: string;
  /** @minLength 1 */
  unit: string;
};

type PanelOf<Type extends string, Options, Custom> = Omit<
  grafana.Panel,
  'datasource' | 'description' | 'fieldConfig' | 'gridPos' | 'id' | 'options' | 'targets' | 'title' | 'type'
> & {
  datasource: Prometheus | Infinity | Redis;
  /** @minLength 3 */
  description: string;
  fieldConfig: {
    defaults: Defaults<Custom>;
    overrides: grafana.FieldConfigSource['overrides'];
  };
  gridPos: grafana.GridPos;
  id: number;
  options: Options;
  /** @minItems 1 */
  targets: unknown[];
  /** @minLength 3 */
  title: string;
  type: Type;
};

type None = Record<string, never>;

export type PanelBargauge = PanelOf<'bargauge', barGauge.Options, None>;
export type PanelPiechart = PanelOf<'piechart', pieChart.Options, pieChart.FieldConfig>;
export type PanelStat = PanelOf<'stat', stat.Options, None>;
// What a table's cells leave out, Grafana fills in.
export type PanelTable = PanelOf<'table', table.Options, Partial<table.FieldConfig>>;
export type PanelTimeseries = PanelOf<'timeseries', timeSeries.Options, timeSeries.FieldConfig>;
export type PanelRow = Omit<grafana.RowPanel, 'panels' | 'title'> & { panels: []; title: string };

export type Dashboard = Omit<grafana.Dashboard, 'id' | 'panels' | 'refresh' | 'title' | 'uid' | 'version'> & {
  /** @minItems 1 */
  panels: unknown[];
  refresh: '1s';
  title: string;
  /** @pattern ^chaac-[a-z]+$ */
  uid: string;
};
