// ClickHouse in process, for clickhouse.py: a statement per line in, its answer and its seconds out, all as JSON.
const readline = require('node:readline');
const { createRequire } = require('node:module');
const { query } = createRequire(process.argv[2])('chdb');

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const sql = JSON.parse(line);
  const answer = {};
  const start = process.hrtime.bigint();
  try {
    answer.text = query(sql, 'TSV');
  } catch (error) {
    answer.error = String(error.message);
  }
  answer.seconds = Number(process.hrtime.bigint() - start) / 1e9;
  process.stdout.write(JSON.stringify(answer) + '\n');
});
