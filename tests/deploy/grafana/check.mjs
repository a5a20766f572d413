// check.mjs FILE…: holds dashboards to the JSON Schemas of dashboard.ts. Prints JSON: by file, what is wrong with it,
// one sentence each; [] when nothing is.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const TARGETS = {
  prometheus: 'TargetPrometheus',
  'yesoreyeram-infinity-datasource': 'TargetInfinity',
  'redis-datasource': 'TargetRedis',
};

const generator = createGenerator({
  additionalProperties: false,
  expose: 'none', // Several of Grafana's types are called "Options".
  path: `${import.meta.dirname}/dashboard.ts`,
  tsconfig: `${import.meta.dirname}/tsconfig.json`,
  type: '*',
});
const ajv = new Ajv({ allErrors: true, strict: false });
const validators = new Map();

// Throws when dashboard.ts exports no such type.
function validator(type) {
  if (!validators.has(type)) validators.set(type, ajv.compile(generator.createSchema(type)));
  return validators.get(type);
}

function wrong(type, value, where) {
  const valid = validator(type);
  if (valid(value)) return [];
  return valid.errors.map(({ instancePath, message, params }) => `${where}${instancePath} ${message} ${JSON.stringify(params)}`);
}

function wrongPanel(panel, where) {
  const name = String(panel.type);
  const type = `Panel${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const targets = (panel.targets ?? []).flatMap((target, index) => {
    const at = `${where}/targets/${index}`;
    const shape = TARGETS[target.datasource?.type];
    if (shape === undefined) return [`${at} asks a data source of no known type`];
    const other = target.datasource.uid === panel.datasource?.uid ? [] : [`${at} asks another data source than its panel`];
    return [...wrong(shape, target, at), ...other];
  });
  try {
    return [...wrong(type, panel, where), ...targets];
  } catch (error) {
    return [`${where} is a ${name}, of which dashboard.ts knows nothing (${error.message})`];
  }
}

const found = {};
for (const file of process.argv.slice(2)) {
  const document = JSON.parse(readFileSync(file, 'utf8'));
  const panels = Array.isArray(document.panels) ? document.panels : [];
  found[file] = [
    ...wrong('Dashboard', document, ''),
    ...panels.flatMap((panel, index) => wrongPanel(panel, `/panels/${index}`)),
  ];
}
process.stdout.write(`${JSON.stringify(found)}\n`);
