// select.mjs: what Infinity would make of documents. Reads JSON from standard input, an array of {document, root,
// columns: [selector, …]}, and prints for each an array of rows; a row is an array of its columns' values, or all
// values of the object when no column is named. Selectors are JSONata, as the plugin's backend parser takes them.
import { readFileSync } from 'node:fs';
import jsonata from 'jsonata';

async function rows({ document, root, columns }) {
  const selected = root === '' ? document : await jsonata(root).evaluate(document);
  if (selected === undefined || selected === null) return [];
  const objects = Array.isArray(selected) ? selected : [selected];
  const compiled = columns.map((selector) => jsonata(selector));
  return Promise.all(
    objects.map((object) =>
      compiled.length === 0
        ? Object.values(object)
        : Promise.all(compiled.map(async (column) => (await column.evaluate(object)) ?? null)),
    ),
  );
}

const queries = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(`${JSON.stringify(await Promise.all(queries.map(rows)))}\n`);
