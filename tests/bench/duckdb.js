// DuckDB in process, for engine.py: a statement per line in, its answer and its seconds out, all as JSON.
// The seconds end when all rows are there as JavaScript values; the answers asked for here have a few dozen rows.
const readline = require('node:readline');
const { createRequire } = require('node:module');
const { DuckDBInstance } = createRequire(process.argv[2])('@duckdb/node-api');

const plain = (cell) => (cell === null ? '' : String(cell));

async function main() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const sql = JSON.parse(line);
    const answer = {};
    const start = process.hrtime.bigint();
    let rows = [];
    try {
      rows = (await connection.runAndReadAll(sql)).getRows();
    } catch (error) {
      answer.error = String(error.message);
    }
    answer.seconds = Number(process.hrtime.bigint() - start) / 1e9;
    answer.text = rows.map((row) => row.map(plain).join('\t') + '\n').join('');
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}

main();
