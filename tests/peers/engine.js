// ClickHouse in process, for engine.py: one JSON string with a statement per line in, one JSON object per line out.
const readline = require('node:readline');
const { createRequire } = require('node:module');
const { query } = createRequire(process.argv[2])('chdb');

const answer = (sql) => {
  try {
    return { text: query(sql, 'TSV') };
  } catch (error) {
    return { error: String(error.message) };
  }
};

process.stdout.on('error', () => process.exit(1)); // whoever asked is gone

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
});
