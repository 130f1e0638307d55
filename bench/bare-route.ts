/**
 * The yardstick for requests: Fastify with one route that runs one `select`, in a process of its own, with the pool that Rollbook has.
 * Arguments: database address, port. Prints `listening`.
 */
import fastify from 'fastify';
import { Pool } from 'pg';

const [, , connectionString, port] = process.argv;
const pool = new Pool({ connectionString, max: 10 });
const server = fastify();
server.get('/', async () => {
  const { rows } = await pool.query<{ now: Date }>('select now() as now');
  return { now: rows[0]?.now };
});
await server.listen({ port: Number(port), host: '127.0.0.1' });
console.log('listening');
process.once('SIGTERM', () => {
  void server.close().then(() => pool.end());
});
